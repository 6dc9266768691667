"""Networks over word vectors, for NASLib's zero-cost predictors: no tokens, one tensor in."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace, SentenceSpace

WIDTH = 32
"""Of word vectors, and of the states of a recurrent cell."""


class VectorsNetwork(nn.Module):
    """Logits (batch, classes) of word vectors (batch, length, width); a zero vector is no word."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    @classmethod
    def of(cls, space: SearchSpace[Any], architecture: Any, classes: int) -> VectorsNetwork:
        """The network of an architecture, with weights from torch's global generator.

        A space of classifiers gives its classifier; a recurrent cell reads the words one by one and
        a linear layer the last state. Raises UserError for a space of neither.
        """
        if isinstance(space, SentenceSpace):
            body: Any = space.classifier(architecture, vectors=WIDTH, classes=classes)
            return cls(body)
        cell = space.network(architecture, {"input_size": WIDTH, "hidden_size": WIDTH})
        if not hasattr(cell, "unroll"):
            raise UserError(f"space {space.name!r} gives no networks that read word vectors")
        return cls(LastState(cell, classes))

    def forward(self, vectors: Tensor) -> Tensor:
        """As the class says."""
        logits: Tensor = self.body(vectors, vectors.ne(0).any(-1))
        return logits


class LastState(nn.Module):
    """A recurrent cell over the words, and a linear layer on what it gave for the last of them."""

    cell: Any

    def __init__(self, cell: nn.Module, classes: int) -> None:
        super().__init__()
        self.cell = cell
        self.decoder = nn.Linear(WIDTH, classes)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """(batch, length, width) and (batch, length) to (batch, classes)."""
        outputs, _ = self.cell.unroll(vectors.transpose(0, 1))
        last = mask.long().sum(1).clamp(min=1) - 1
        logits: Tensor = self.decoder(
            outputs[last, torch.arange(len(vectors), device=vectors.device)]
        )
        return logits
