"""Batching of a text: parallel columns, split into windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


def columns(ids: NDArray[Any], batch_size: int) -> Tensor:
    """Return columns (time, batch) of consecutive text; the remainder is dropped."""
    rows = len(ids) // batch_size
    return torch.from_numpy(ids[: rows * batch_size]).view(batch_size, rows).t().contiguous()


def window(rows: Tensor, start: int, length: int) -> tuple[Tensor, Tensor]:
    """Return inputs (time, batch) and targets (time * batch,) of at most `length` steps."""
    stop = min(start + length, len(rows) - 1)
    return rows[start:stop], rows[start + 1 : stop + 1].flatten()


def windows(rows: Tensor, length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield consecutive windows."""
    for start in range(0, len(rows) - 1, length):
        yield window(rows, start, length)
