"""Logged trainings, as importers read them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.units import LossUnit
from search_spaces.base import Architecture

Series = NDArray[np.float64]
SERIES = ("train_loss", "val_loss", "test_loss", "wall_time_s")
MAX_WHOLE = 2**53
"""Largest id and number of parameters: beyond it, a float skips whole numbers."""
MAX_SECONDS = 1e9
"""Longest time of an epoch: 32 years."""


class SeriesByName(TypedDict):
    """The four series of a `TrainingRun`, as its keyword arguments."""

    train_loss: Series | None
    val_loss: Series | None
    test_loss: Series | None
    wall_time_s: Series | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrainingRun:
    """One training: arrays of one value per epoch (losses, seconds), None if not recorded.

    In a table without curves, arrays have the value after the last epoch only. A training that
    failed in its first epoch has empty arrays.
    """

    architecture: Architecture
    name: str
    """Name of its log; orders runs with equal ids, and identifies the run in messages."""
    train_loss: Series | None = None
    val_loss: Series | None = None
    test_loss: Series | None = None
    wall_time_s: Series | None = None
    """Seconds of each epoch, not accumulated."""
    status: str = OK
    recipe_id: int | None = None
    num_params: int | None = None
    dataset: str | None = None
    """Name of the data set, such as `ptb`; None if unknown."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Metrics beside losses by name, such as the latency; NaN or absent if unknown."""

    def __post_init__(self) -> None:
        lengths = {len(values) for _, values in self.recorded()}
        if len(lengths) > 1:
            counts = ", ".join(f"{len(values)} of {name}" for name, values in self.recorded())
            raise BenchmarkError(f"{self.name}: the epochs recorded differ: {counts}")
        for name in ("recipe_id", "num_params"):
            value = getattr(self, name)
            if value is not None and not -1 <= value < MAX_WHOLE:  # -1: unknown
                raise BenchmarkError(f"{self.name}: {name} must not be negative or above 2^53")
        if self.wall_time_s is not None:
            _check_range(self.name, "wall_time_s", self.wall_time_s, MAX_SECONDS)
        for name, value in self.metrics.items():
            if math.isinf(value):
                raise BenchmarkError(f"{self.name}: the {name} must be finite, or NaN if unknown")

    def check_losses(self, unit: LossUnit) -> None:
        """Raise BenchmarkError for a loss of a finished run that is impossible in its unit."""
        for name, values in self.recorded():
            if name != "wall_time_s" and self.status == OK:
                _check_range(self.name, name, values, unit.largest)

    def recorded(self) -> Iterator[tuple[str, Series]]:
        """Return the recorded series by name."""
        for of in fields(self):
            if of.name in SERIES and (values := getattr(self, of.name)) is not None:
                yield of.name, values

    @property
    def length(self) -> int:
        """Number of recorded epochs."""
        return max((len(values) for _, values in self.recorded()), default=0)


def _check_range(run: str, name: str, values: Series, largest: float) -> None:
    """Raise BenchmarkError for a value below 0 or above `largest`; NaN and infinity diverged."""
    wrong = values[(values < 0) | ((values > largest) & (values < np.inf))]
    if len(wrong):
        raise BenchmarkError(
            f"{run}: a {name} of {wrong[0]:g} is impossible: between 0 and {largest:g} expected"
        )
