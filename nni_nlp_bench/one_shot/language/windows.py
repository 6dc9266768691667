"""Data loaders of windows of a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.batches import columns, window, windows
from nni_nlp_bench.one_shot.task import Epoch

Part = Literal["train", "valid"]


class Window(NamedTuple):
    """Consecutive steps of all columns of a text."""

    part: Part
    first: bool
    """Whether states start at zero instead of continuing from the previous window."""
    inputs: Tensor
    """(time, batch)"""
    targets: Tensor
    """(time * batch,)"""


@dataclass(frozen=True)
class TrainWindows:
    """All windows of a text, in order."""

    rows: Tensor
    """(time, batch)"""
    length: int

    def __iter__(self) -> Iterator[Window]:
        for i, (inputs, targets) in enumerate(windows(self.rows, self.length)):
            yield Window("train", i == 0, inputs, targets)

    def __len__(self) -> int:
        return -(-(len(self.rows) - 1) // self.length)


@dataclass(frozen=True)
class RandomWindows:
    """`count` windows at random positions, redrawn every epoch."""

    rows: Tensor
    """(time, batch)"""
    length: int
    count: int
    seed: int
    epoch: Epoch

    def __iter__(self) -> Iterator[Window]:
        length = min(self.length, len(self.rows) - 1)
        rng = np.random.default_rng([self.seed, self.epoch()])
        for start in rng.integers(len(self.rows) - length, size=self.count).tolist():
            yield Window("valid", True, *window(self.rows, start, length))

    def __len__(self) -> int:
        return self.count


def rows_of(ids: NDArray[Any], batch_size: int, part: str) -> Tensor:
    """Return the columns (time, batch) of a text. Raises UserError if it is too short."""
    rows = columns(ids, batch_size)
    if len(rows) < 2:
        raise UserError(
            f"the part {part!r} of the corpus has {len(ids)} words, too few for {batch_size} "
            "columns of two: take a smaller batch_size"
        )
    return rows
