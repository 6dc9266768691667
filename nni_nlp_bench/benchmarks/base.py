"""What a benchmark answers, whether it reads a table or predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.units import LossUnit
from search_spaces.errors import UserError

LossName = Literal["val_loss", "test_loss"]
Origin = Literal["measured", "predicted"]
OK = "OK"


class BenchmarkError(UserError):
    """A benchmark cannot answer; the message names the remedy."""


class MissingArchitectureError(BenchmarkError, LookupError):
    """The benchmark holds no result of this architecture."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a training had reached after `epoch` epochs. Losses in the unit of their benchmark.

    A loss is None where the benchmark never recorded it, and NaN where the training diverged.
    """

    train_loss: float | None
    val_loss: float | None
    test_loss: float | None
    wall_time_s: float
    """Seconds of training from the start to this epoch."""
    status: str
    """`OK`, or why the training broke off, in the words of its log."""
    epoch: int
    """Epochs trained: fewer than asked where the training broke off."""
    seed: int | None
    """Which run of the architecture, from 0; None where runs are not told apart."""
    origin: Origin
    source: str
    """Name of the benchmark that answered."""
    std: float | None = None
    """Standard deviation of a predicted test loss."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One training epoch by epoch: arrays of equal length, shorter where it broke off."""

    train_loss: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    test_loss: NDArray[np.float64]
    wall_time_s: NDArray[np.float64]
    """Seconds of each epoch, not accumulated."""
    status: str
    seed: int
    origin: Origin
    source: str


class Benchmark(Protocol):
    """Results by architecture."""

    name: str
    space: str
    """Name of the search space of its architectures."""
    objective: LossName
    """The loss that a search minimises: validation where it is recorded, else test."""
    unit: LossUnit
    """Of its losses: lower is better."""
    epochs: int
    """Epochs of a full training."""
    has_curves: bool

    @property
    def lowest_loss(self) -> float | None:
        """No full training is answered with a lower loss: test where it is recorded, else
        validation. None where nobody knows, NaN where no training succeeded.
        """

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        """The result after `epoch` epochs (all by default) of run `seed` (the first by default).

        Raises MissingArchitectureError, and BenchmarkError for an epoch or seed it does not have.
        """

    def curve(self, architecture: Any, seed: int | None = None) -> Curve:
        """The training epoch by epoch. Raises as `query`, and BenchmarkError without curves."""

    def seeds(self, architecture: Any) -> Sequence[int]:
        """The runs of an architecture: 0, 1, ...; empty where it has none."""

    def architectures(self) -> Sequence[Any] | None:
        """All architectures that it holds, in a fixed order; None where any one is answered."""
