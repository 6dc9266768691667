"""Hypervolume of the fronts that searches find, as a percentage of that of a reference front."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError, final_results
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.pareto import hypervolume, nondominated

REFERENCE_POINT = 1.05
"""Coordinate of the reference point in every objective, where the values range from 0 to 1."""

Points = NDArray[np.float64]
"""Losses (points, objectives), on the scale of `Objective.to_loss`."""


class HypervolumeUnit(StrEnum):
    """Unit of the regret of a search with several objectives: the hypervolume that is missing.

    It has the interface of `LossUnit`.
    """

    PERCENT = "% of the hypervolume"

    @property
    def short(self) -> str:
        """Abbreviation that follows a number."""
        return "%"

    @property
    def target(self) -> float:
        """Largest regret at which a search has reached the target."""
        return 1.0

    @property
    def target_words(self) -> str:
        """The target with its unit."""
        return "1 %"

    @property
    def of_regret(self) -> str:
        """Unit of a regret."""
        return self.value

    @property
    def failure(self) -> float:
        """Regret of a search without a successful training."""
        return 100.0

    @property
    def metric(self) -> str:
        """Name of the metric, of which higher is better."""
        return "hypervolume"

    @property
    def legend(self) -> str:
        """Column heading of the metric, and its definition."""
        return "HV %: hypervolume in % of that of the reference front, higher is better"

    def to_metric(self, loss: float) -> float:
        """Return the hypervolume that is found, in % of that of the reference front."""
        return 100 - loss


ReportUnit = LossUnit | HypervolumeUnit


def report_unit(text: str) -> ReportUnit:
    """Return the unit of that name. Raises ValueError."""
    return HypervolumeUnit(text) if text == HypervolumeUnit.PERCENT else LossUnit(text)


@dataclass(frozen=True)
class ReferenceFront:
    """The front that hypervolumes are compared with, and the scale of the objectives."""

    low: tuple[float, ...]
    """Lowest loss of each objective, which is 0 on the scale of the hypervolume."""
    high: tuple[float, ...]
    """Highest loss of each objective, which is 1 on that scale."""
    front: tuple[tuple[float, ...], ...]
    """Losses of the front."""
    meaning: str
    """Description of the front, such as `full front of wikitext-2`."""
    known: bool
    """Whether it is the full front of the benchmark, so that comparisons share it."""

    @cached_property
    def volume(self) -> float:
        """Hypervolume of the front."""
        return self._volume(np.array(self.front))

    def missing(self, losses: Points) -> list[float]:
        """Return after each evaluation the hypervolume that is missing, in % of the front's.

        Args:
            losses: Losses (evaluations, objectives), NaN for failed trainings.

        Returns:
            Percentages, NaN before the first success.
        """
        found: list[float] = []
        front, missing = np.empty((0, len(self.low))), math.nan
        for row in losses:
            dominated = bool((front <= row).all(axis=1).any())
            if np.isfinite(row).all() and not dominated:
                front = np.vstack([front, row])
                front = front[nondominated(front)]
                missing = 100 * (1 - self._volume(front) / self.volume)
            found.append(missing)
        return found

    def _volume(self, losses: Points) -> float:
        span = np.subtract(self.high, self.low)
        scaled = (losses - self.low) / np.where(span > 0, span, 1.0)
        return hypervolume(scaled, [REFERENCE_POINT] * len(self.low))


@dataclass(frozen=True)
class SearchFront:
    """The objectives of one search, and the losses of its evaluations."""

    objectives: tuple[Objective, ...]
    losses: Points
    """Losses (evaluations, objectives) in the order of the search, NaN for failed trainings."""
    order: tuple[int, ...]
    """Evaluations in the order in which their trainings ended."""
    full: ReferenceFront | None
    """Full front of the benchmark; None if unknown."""

    @property
    def front(self) -> Points:
        """Losses of the front that the search found, sorted by the first objective."""
        return front_of(self.losses)


def front_of(losses: Points) -> Points:
    """Return the losses that no other dominates, sorted by the first objective, without copies."""
    finite = losses[np.isfinite(losses).all(axis=1)]
    return np.unique(finite[nondominated(finite)], axis=0) if len(finite) else finite


def full_front(benchmark: Benchmark, objectives: Sequence[Objective]) -> ReferenceFront | None:
    """Return the front of all successful trainings of a table; None if it has no architectures.

    Architectures of which an objective is unknown are left out.
    """
    losses = []
    for architecture, result in final_results(benchmark):
        try:
            values = [benchmark.value(o.name, architecture, result) for o in objectives]
        except BenchmarkError:
            continue
        if np.isfinite(values).all():
            losses.append([o.to_loss(v) for o, v in zip(objectives, values, strict=True)])
    if not losses:
        return None
    return _reference(np.array(losses), f"full front of {benchmark.name}", known=True)


def reference_front(fronts: Iterable[SearchFront]) -> ReferenceFront:
    """Return the full front of the benchmark, or of what all searches found if it is unknown.

    If searches found more than the full front, it is the front of both.
    """
    searches = list(fronts)
    found = np.concatenate([search.losses for search in searches])
    found = found[np.isfinite(found).all(axis=1)]
    full = searches[0].full
    if full is None:
        if not len(found):
            nothing = (0.0,) * found.shape[1]
            return ReferenceFront(nothing, nothing, (), "front of nothing", known=False)
        return _reference(found, "front of all searches", known=False)
    joint = front_of(np.concatenate([np.array(full.front), found]))
    if len(joint) == len(full.front) and np.allclose(joint, full.front):
        return full
    front = tuple(map(tuple, joint.tolist()))
    meaning = f"{full.meaning} and of all searches"
    return ReferenceFront(full.low, full.high, front, meaning, known=False)


def _reference(losses: Points, meaning: str, known: bool) -> ReferenceFront:
    low, high = losses.min(axis=0).tolist(), losses.max(axis=0).tolist()
    front = tuple(map(tuple, front_of(losses).tolist()))
    return ReferenceFront(tuple(low), tuple(high), front, meaning, known)
