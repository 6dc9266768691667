"""Widths and options of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from nni_nlp_bench.core.errors import UserError
from search_spaces.emd_cell.architecture import NODES
from search_spaces.emd_cell.parameters import Output


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths and options: the defaults are those of the last training, whose drop path is .2."""

    vectors: int = 300
    """Width of the word vectors."""
    width: int = 256
    """Width of every node."""
    classes: int = 2
    cells: int = 4
    """Number of cells in sequence: one architecture, different weights."""
    dropout: float = 0.2
    """Dropout probability before the head's linear layer."""
    drop_path: float = 0.0
    """Drop-path probability per edge and sentence; skips are never dropped."""
    output: Output = "concat"
    strict: bool = False
    """Whether results are independent of the padding in a batch: see `MaskedNorm`."""

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
        """Return the widths of the two inputs of a cell: the stem's before the first cell."""
        return (self.wide if cell > 1 else self.width), (self.wide if cell else self.width)
