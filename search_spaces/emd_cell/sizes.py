"""Widths of a network, and what variant of it is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from nni_nlp_bench.core.errors import UserError
from search_spaces.emd_cell.architecture import NODES
from search_spaces.emd_cell.parameters import Output


@dataclass(frozen=True, slots=True)
class Sizes:
    """The defaults are those of the paper's last training, but for the drop path: .2 there."""

    vectors: int = 300
    """Of the word vectors that come in."""
    width: int = 256
    """Of every node."""
    classes: int = 2
    cells: int = 4
    """One after another, all alike, each with weights of its own."""
    dropout: float = 0.2
    """Of what the head's linear layer reads."""
    drop_path: float = 0.0
    """How often an edge is left out for a sentence in training, skips never."""
    output: Output = "concat"
    strict: bool = False
    """Whether the amount of padding in a batch changes nothing: see `MaskedNorm`."""

    def __post_init__(self) -> None:
        for name in ("vectors", "width", "classes", "cells"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("dropout", "drop_path"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        if self.output not in get_args(Output):
            raise UserError(f"output must be concat or addnorm, got {self.output!r}")

    @property
    def wide(self) -> int:
        """The width of a cell's output."""
        return NODES * self.width

    def inputs_of(self, cell: int) -> tuple[int, int]:
        """Widths of what the cell of that number reads: the stem's in the place of a cell before
        the first."""
        return (self.wide if cell > 1 else self.width), (self.wide if cell else self.width)
