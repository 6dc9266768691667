"""Interface of every benchmark, and its results."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.objectives import (
    PARAMETERS,
    TRAINING_TIME,
    Objective,
    loss_objectives,
)
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace
from search_spaces.registry import get_space

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
    metrics: Mapping[str, float] | None = field(default=None, hash=False)
    """Metrics by name, such as the latency, as far as they are known; None if none are recorded."""


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

    @cached_property
    def objectives(self) -> Mapping[str, Objective]:
        """What a search can minimise or maximise, by name.

        The loss and its metric (perplexity, score or error rate), the parameters if they can be
        counted, the training time (seconds) if it is known, and the recorded metrics.

        >>> import nni_nlp_bench as nb
        >>> [*nb.load("mini").objectives]
        ['val_loss', 'perplexity', 'parameters', 'training_time']
        """
        found = [*loss_objectives(self.objective, self.unit)]
        if self._counts_parameters:
            found.append(Objective(PARAMETERS, requires_training=False))
        if self._records_times:
            found.append(Objective(TRAINING_TIME, "s"))
        return {objective.name: objective for objective in (*found, *self.metrics)}

    @property
    def metrics(self) -> Sequence[Objective]:
        """The recorded metrics beside losses and times."""
        return ()

    def parameters(self, architecture: Any) -> int:
        """Return the number of parameters of the trained network, as the space counts them.

        Raises:
            BenchmarkError: They are unknown.
        """
        counted = self.space.describe(architecture).get(PARAMETERS)
        if not isinstance(counted, int):
            raise BenchmarkError(f"{self.name}: its space {self.space.name} counts no parameters")
        return counted

    def zero_cost_scorer(self, score: str) -> Callable[[Any], float] | None:
        """Return a zero-cost score of untrained networks as they are trained, higher is better.

        None, the default, if a benchmark knows no text: scores are computed on a default one.
        Raises UserError if the space has no such score.
        """
        return None

    def known_metric(self, name: str, architecture: Any) -> float:
        """Return an objective that requires no training, such as the parameters.

        Raises:
            BenchmarkError: It is unknown for this architecture, or requires a training.
        """
        if name != PARAMETERS:
            raise BenchmarkError(f"{self.name} knows no {name} without a training")
        return float(self.parameters(architecture))

    def value(self, name: str, architecture: Any, result: Result) -> float:
        """Return an objective of an evaluated architecture.

        Args:
            name: One of `objectives`.
            architecture: The evaluated architecture.
            result: Its result.

        Raises:
            BenchmarkError: There is no such objective, or it is unknown for this architecture.
        """
        objective = self.objectives.get(name)
        if objective is None:
            known = ", ".join(self.objectives)
            raise BenchmarkError(f"{self.name} has no objective {name!r}; it has: {known}")
        if not objective.requires_training:
            return self.known_metric(name, architecture)
        loss: float = getattr(result, self.objective)
        own = {
            self.objective: loss,
            self.unit.metric: self.unit.to_metric(loss),
            TRAINING_TIME: result.wall_time_s,
        }
        found = own.get(name, (result.metrics or {}).get(name))
        if found is None:
            raise BenchmarkError(f"{result.source} has no {name} of this architecture")
        return found

    @cached_property
    def _counts_parameters(self) -> bool:
        return PARAMETERS in self.space.describe(self._example)

    @cached_property
    def _records_times(self) -> bool:
        return math.isfinite(self.query(self._example).wall_time_s)

    @cached_property
    def _example(self) -> Any:
        held = self.architectures()
        return self.space.sample(np.random.default_rng(0)) if held is None else held[0]

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


def final_results(benchmark: Benchmark) -> Iterator[tuple[Any, Result]]:
    """Return each architecture of a table with the results of its successful full trainings."""
    for architecture in benchmark.architectures() or ():
        for seed in benchmark.seeds(architecture) or (None,):
            result = benchmark.query(architecture, None, seed)
            if result.status == OK:
                yield architecture, result


def lowest_loss_of(benchmark: Benchmark) -> float:
    """Return the lowest final loss of a table: test if it is recorded, else validation.

    NaN if no training succeeded.
    """
    losses = (
        result.val_loss if result.test_loss is None else result.test_loss
        for _, result in final_results(benchmark)
    )
    return min((x for x in losses if x is not None and math.isfinite(x)), default=math.nan)
