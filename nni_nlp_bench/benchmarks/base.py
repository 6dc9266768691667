"""Interface of every benchmark, and its results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace, get_space

LossName = Literal["val_loss", "test_loss"]
Origin = Literal["measured", "predicted"]
OK = "OK"


class BenchmarkError(UserError):
    """A benchmark cannot answer; the message names the remedy."""


class MissingArchitectureError(BenchmarkError, LookupError):
    """The benchmark holds no result of this architecture."""


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a training after `epoch` epochs. Losses are in the unit of the benchmark.

    A loss is None if the benchmark does not record it, and NaN if the training diverged.
    """

    train_loss: float | None
    val_loss: float | None
    test_loss: float | None
    wall_time_s: float
    """Seconds of training up to this epoch."""
    status: str
    """`OK`, or the reason of the failure in the words of the log."""
    epoch: int
    """Epochs trained: fewer than requested if the training failed."""
    seed: int | None
    """Index of the run, from 0; None if runs are not distinguished."""
    origin: Origin
    source: str
    """Name of the benchmark that answered."""
    std: float | None = None
    """Standard deviation of a predicted test loss."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Learning curve: arrays (epochs,), shorter if the training failed."""

    train_loss: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    test_loss: NDArray[np.float64]
    wall_time_s: NDArray[np.float64]
    """Seconds of each epoch, not accumulated."""
    status: str
    seed: int
    origin: Origin
    source: str


class Benchmark(ABC):
    """Interface of every benchmark: results of trainings by architecture.

    Args:
        name: Name in results and reports.
        space_name: Registered name of the search space of its architectures.
        objective: The loss that a search minimises: validation if it is recorded, else test.
        unit: Unit of its losses; lower is better.
        epochs: Epochs of a full training.
        has_curves: Whether it answers for shorter trainings.
    """

    def __init__(
        self,
        name: str,
        space_name: str,
        objective: LossName,
        unit: LossUnit,
        epochs: int,
        has_curves: bool,
    ) -> None:
        self.name = name
        self.space_name = space_name
        self.objective: LossName = objective
        self.unit = unit
        self.epochs = epochs
        self.has_curves = has_curves

    @cached_property
    def space(self) -> SearchSpace[Any]:
        """The search space of its architectures."""
        return get_space(self.space_name)

    @property
    def size(self) -> int | None:
        """Number of architectures that it holds; None if it answers for any."""
        return None

    @property
    def lowest_loss(self) -> float | None:
        """The lowest loss of any full training: test if it is recorded, else validation.

        None if unknown, NaN if no training succeeded.
        """
        return None

    @property
    def digest(self) -> str | None:
        """SHA-256 of the data behind its answers; None if unknown.

        An interrupted search resumes only if it is unchanged. Without one, a benchmark whose data
        changed under the same name is not noticed.
        """
        return None

    @abstractmethod
    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        """Return the result of one training.

        Args:
            architecture: An architecture of its space.
            epoch: Number of epochs; None for a full training.
            seed: Index of the run, from 0; None for the first.

        Raises:
            MissingArchitectureError: It holds no result of the architecture.
            BenchmarkError: It does not have that epoch or seed.
        """

    def curve(self, architecture: Any, seed: int | None = None) -> Curve:
        """Return the training epoch by epoch.

        Raises as `query`, and BenchmarkError if it has no curves.
        """
        raise BenchmarkError(
            f"{self.name} has no learning curves: take a table such as nas-bench-nlp/wikitext-2"
        )

    def seeds(self, architecture: Any) -> Sequence[int]:
        """Return the runs of an architecture: 0, 1, ...; empty if runs are not distinguished."""
        return ()

    def architectures(self) -> Sequence[Any] | None:
        """Return all architectures that it holds, in a fixed order; None if it answers for any."""
        return None
