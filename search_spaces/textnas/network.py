"""The network of one architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.sequences import MaskedNorm, padding_of, stem_input, sum_tensors
from search_spaces.textnas.architecture import Arc
from search_spaces.textnas.ops import Convolution, make_op

BatchNorm = Literal["skips", "always"]
"""Which layers end in a batch norm: those with a skip, as in the release, or all but the
first, as in NNI's version."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths and options of a network. The widths are the paper's."""

    vectors: int = 300
    """Width of the word vectors."""
    width: int = 256
    """Width of all layers: D in the paper."""
    classes: int = 2
    dropout: float = 0.2
    """Dropout probability in convolutions, GRUs and attention weights."""
    batch_norm: BatchNorm = "skips"
    strict: bool = False
    """Whether results are independent of padding in a batch: see `MaskedNorm`, `MaxPool`."""

    def __post_init__(self) -> None:
        for name in ("vectors", "width", "classes"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be in [0, 1), got {self.dropout}")
        if self.batch_norm not in ("skips", "always"):
            raise UserError(f"batch_norm must be skips or always, got {self.batch_norm!r}")

    def stem(self) -> Convolution:
        """From word vectors to the width of the layers."""
        return Convolution(self.vectors, self.width, 1, dropout=self.dropout, strict=self.strict)

    def op(self, name: str) -> nn.Module:
        """Return the operation of that name."""
        return make_op(name, self.width, dropout=self.dropout, strict=self.strict)

    def norm(self) -> MaskedNorm:
        """Return the batch norm at a layer's end."""
        return MaskedNorm(self.width, strict=self.strict)

    def has_norm(self, number: int, skips: int) -> bool:
        """Return whether a layer with this number of skips ends in a batch norm."""
        return bool(skips) or (self.batch_norm == "always" and number > 0)


class Head(nn.Module):
    """Logits of the mean word of the sum of all layers, whose weights are learned."""

    def __init__(self, layers: int, width: int, classes: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.full((layers,), 1 / layers))
        """Before their softmax."""
        self.linear = nn.Linear(width, classes)

    def forward(self, outputs: Sequence[Tensor], padding: Tensor) -> Tensor:
        """Each layer's (batch, width, length), 0 at padding, to (batch, classes).

        Words are summed up before layers: the same sum, of much smaller parts.
        """
        totals = torch.stack([output.sum(-1) for output in outputs])
        mixed = torch.einsum("l,lnd->nd", self.weights.softmax(0), totals)
        logits: Tensor = self.linear(mixed / (~padding).sum(-1))
        return logits


class TextNas(nn.Module):
    """Layers of one architecture between stem and head, without the embedding of words.

    Weights come from torch's global generator. Raises UserError for sizes that no network has.
    """

    def __init__(self, arc: Arc, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.arc = arc
        self.sizes = sizes or Sizes()
        self.stem = self.sizes.stem()
        self.ops = nn.ModuleList(self.sizes.op(layer.op) for layer in arc.layers)
        self.norms = nn.ModuleDict(
            {
                str(i): self.sizes.norm()
                for i, layer in enumerate(arc.layers)
                if self.sizes.has_norm(i, len(layer.skips))
            }
        )
        self.head = Head(len(arc.layers), self.sizes.width, self.sizes.classes)

    def resized(self, vectors: int, classes: int) -> TextNas:
        """Return a network of the same architecture and options, with other widths and weights."""
        return TextNas(self.arc, replace(self.sizes, vectors=vectors, classes=classes))

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        """Word vectors (batch, length, vectors) and mask (batch, length), true at words, to each
        layer's output (batch, width, length), 0 at padding."""
        padding = padding_of(mask)
        stem = self.stem(stem_input(vectors, padding), padding)
        outputs: list[Tensor] = []
        for i, (layer, op) in enumerate(zip(self.arc.layers, self.ops, strict=True)):
            source = self.arc.source(i)
            output = op(stem if source is None else outputs[source], padding)
            output = sum_tensors([output, *(outputs[skip] for skip in layer.skips)])
            if str(i) in self.norms:
                output = self.norms[str(i)](output, padding)
            outputs.append(output)
        return outputs

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        """Logits (batch, classes) of all layers' outputs."""
        logits: Tensor = self.head(outputs, padding_of(mask))
        return logits

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Word vectors (batch, length, vectors) and mask (batch, length) to logits (batch,
        classes). A sentence has at least one word."""
        return self.logits(self.layer_outputs(vectors, mask), mask)
