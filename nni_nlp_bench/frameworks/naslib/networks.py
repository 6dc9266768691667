"""Networks with word vectors as input, for NASLib's zero-cost predictors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nni_nlp_bench.core.errors import ArchitectureError, UserError
from search_spaces.base import SearchSpace
from search_spaces.sentence_space import SentenceSpace

WIDTH = 32
"""Width of word vectors, and of the states of a recurrent cell."""


class VectorsNetwork(nn.Module):
    """Network from word vectors (batch, length, width) to logits (batch, classes).

    Zero vectors are padding.
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    @classmethod
    def of(cls, space: SearchSpace[Any], architecture: Any, classes: int) -> VectorsNetwork:
        """Return the network of an architecture, initialized with torch's global generator.

        It is the classifier of a space of sentence classifiers, or a recurrent cell followed by a
        linear layer on its last state.

        Raises:
            UserError: the space has neither.
        """
        inner = space.unwrapped
        if isinstance(inner, SentenceSpace):
            body: Any = inner.classifier(architecture, vectors=WIDTH, classes=classes)
            return cls(body)
        try:
            cell: Any = space.network(architecture, {"input_size": WIDTH, "hidden_size": WIDTH})
        except ArchitectureError:  # its networks have other sizes
            cell = None
        if not hasattr(cell, "unroll"):
            raise UserError(f"space {space.name!r} has no networks with word vectors as input")
        return cls(LastState(cell, classes))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return logits (batch, classes) of word vectors (batch, length, width)."""
        logits: Tensor = self.body(vectors, vectors.ne(0).any(-1))
        return logits


class LastState(nn.Module):
    """Recurrent cell followed by a linear layer on the output of the last word."""

    cell: Any

    def __init__(self, cell: nn.Module, classes: int) -> None:
        super().__init__()
        self.cell = cell
        self.decoder = nn.Linear(WIDTH, classes)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return logits (batch, classes) of vectors (batch, length, width) and their mask."""
        outputs, _ = self.cell.unroll(vectors.transpose(0, 1))
        last = mask.long().sum(1).clamp(min=1) - 1
        logits: Tensor = self.decoder(
            outputs[last, torch.arange(len(vectors), device=vectors.device)]
        )
        return logits
