"""Windows of a text, as Lightning's trainer loads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from nni_nlp_bench.data.batches import columns, window, windows
from search_spaces.errors import UserError

Part = Literal["train", "valid"]


class Window(NamedTuple):
    """Some steps of all columns."""

    part: Part
    first: bool
    """Whether the text begins here: the states do not go on from another window."""
    inputs: Tensor
    """(time, batch)"""
    targets: Tensor
    """(time * batch,)"""


@dataclass(frozen=True)
class TrainWindows:
    """All windows of a text, in its order."""

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
    """So many windows at random places, others in every epoch."""

    rows: Tensor
    """(time, batch)"""
    length: int
    count: int
    seed: int
    generator: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "generator", torch.Generator().manual_seed(self.seed))

    def __iter__(self) -> Iterator[Window]:
        length = min(self.length, len(self.rows) - 1)
        starts = torch.randint(len(self.rows) - length, (self.count,), generator=self.generator)
        for start in starts.tolist():
            yield Window("valid", True, *window(self.rows, start, length))

    def __len__(self) -> int:
        return self.count


def rows_of(ids: NDArray[Any], batch_size: int, part: str) -> Tensor:
    """Columns (time, batch) of a text. Raises UserError for one that is too short."""
    rows = columns(ids, batch_size)
    if len(rows) < 2:
        raise UserError(
            f"the part {part!r} of the corpus has {len(ids)} words, too few for {batch_size} "
            "columns of two: take a smaller batch_size"
        )
    return rows
