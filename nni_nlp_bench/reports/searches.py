"""Records of finished searches, independent of where they ran."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark, Origin
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.reports.hypervolume import (
    HypervolumeUnit,
    ReferenceFront,
    ReportUnit,
    SearchFront,
)
from nni_nlp_bench.reports.measures import incumbent_losses, reported_loss
from nni_nlp_bench.strategies.result import SearchResult


@dataclass(frozen=True)
class Curve:
    """Loss of the incumbent over a search (lower is better); NaN before the first success."""

    losses: tuple[float, ...]
    """Loss after each evaluation, in the order of the search."""
    hours: tuple[float, ...]
    """End of each training in simulated hours, ascending; NaN if unknown."""
    timed_losses: tuple[float, ...]
    """Loss at each of `hours`; differs from `losses` if parallel trainings end out of order."""

    @property
    def final(self) -> float:
        """Loss at the end of the search; NaN if no training succeeded."""
        return self.losses[-1] if self.losses else math.nan

    @property
    def timed(self) -> bool:
        """Whether all `hours` are known."""
        return all(math.isfinite(hour) for hour in self.hours)


@dataclass(frozen=True)
class BestArchitecture:
    """Best architecture of a search."""

    architecture: str
    """JSON text, as read by the `parse` of its space."""
    loss: float
    origin: Origin | None
    """`measured` or `predicted`; None if unknown."""
    source: str | None
    """Name of the benchmark that answered; None if unknown."""


@dataclass(frozen=True)
class Counts:
    """Number of evaluations of one search by outcome. The origin of some may be unknown."""

    evaluations: int
    measured: int
    predicted: int
    failed: int
    """Failed trainings; a predicted failure also counts as `predicted`."""
    replaced: int
    """Evaluations answered with the nearest architecture of the table."""


@dataclass(frozen=True)
class SearchRecord:
    """One finished search."""

    experiment: str
    """Name of the experiment or folder that it was read from."""
    strategy: str
    seed: int | None
    """None if unknown."""
    space: str
    """Name of the search space."""
    benchmark: str
    """Name of the benchmark. Results on different benchmarks are never compared."""
    unit: ReportUnit
    """Unit of all losses."""
    optimum: float | None
    """Lowest loss of the benchmark; None if unknown."""
    curve: Curve
    counts: Counts
    best: BestArchitecture | None
    """None if no training succeeded."""
    front: SearchFront | None = None
    """Losses of a search with several objectives; None for one."""


def curve_from_result(run: SearchResult) -> Curve:
    """Return the curve of a simulated search.

    `timed_losses` is the incumbent among the trainings that had ended.
    """
    ends = sorted(run.trials, key=lambda trial: trial.end_s)
    return Curve(
        losses=tuple(incumbent_losses(run.trials)),
        hours=tuple(trial.end_s / 3600 for trial in ends),
        timed_losses=tuple(incumbent_losses(ends)),
    )


def sequential_curve(losses: Sequence[float], ends: Sequence[float]) -> Curve:
    """Return the curve of a search from its losses and end times, in the order of the search.

    Parallel trainings may end out of order: an incumbent is known once all earlier ones have ended.
    """
    return Curve(tuple(losses), tuple(np.maximum.accumulate(ends).tolist()), tuple(losses))


def infer_benchmark(architectures: Iterable[BestArchitecture]) -> str | None:
    """Return the benchmark that these results come from; None if unknown.

    If some were measured, it is their table: predictions then only replaced missing entries.
    """
    sources = {(best.origin, best.source) for best in architectures if best.source is not None}
    measured = [source for origin, source in sources if origin == "measured"]
    return " + ".join(sorted(measured or {source for _, source in sources})) or None


def with_hypervolume(record: SearchRecord, reference: ReferenceFront) -> SearchRecord:
    """Return the record of a search with several objectives with the curve of its hypervolume."""
    assert record.front is not None
    losses, order = record.front.losses, list(record.front.order)
    curve = Curve(
        losses=tuple(reference.missing(losses)),
        hours=record.curve.hours,
        timed_losses=tuple(reference.missing(losses[order])),
    )
    return replace(record, curve=curve, unit=HypervolumeUnit.PERCENT, optimum=0.0)


def make_record(
    result: SearchResult,
    benchmark: Benchmark,
    experiment: str,
    full: ReferenceFront | None = None,
) -> SearchRecord:
    """Return the record of a search that ran in this process.

    Args:
        result: The search.
        benchmark: The benchmark that answered.
        experiment: Name of the experiment.
        full: Full front of the benchmark in a search with several objectives; None if unknown.
    """
    best, trials = result.best_trial, result.trials
    return SearchRecord(
        experiment=experiment,
        strategy=result.strategy,
        seed=result.seed,
        space=benchmark.space_name,
        benchmark=name_with_objectives(benchmark.name, result.objectives),
        unit=benchmark.unit,
        optimum=benchmark.lowest_loss,
        curve=curve_from_result(result),
        counts=Counts(
            evaluations=len(trials),
            measured=sum(trial.result.origin == "measured" for trial in trials),
            predicted=sum(trial.result.origin == "predicted" for trial in trials),
            failed=sum(trial.failed for trial in trials),
            replaced=sum(trial.replaced for trial in trials),
        ),
        best=None
        if best is None
        else BestArchitecture(
            best.evaluated.to_json(),
            reported_loss(best.result),
            best.result.origin,
            best.result.source,
        ),
        front=_front_of(result, full) if result.objectives else None,
    )


def _front_of(result: SearchResult, full: ReferenceFront | None) -> SearchFront:
    ends = sorted(result.trials, key=lambda trial: trial.end_s)
    order = tuple(trial.index for trial in ends)
    return SearchFront(result.objectives, result.losses(), order, full)


def name_with_objectives(benchmark: str, objectives: Sequence[Objective]) -> str:
    """Return the name of a benchmark, and its objectives if there are several."""
    names = ", ".join(objective.name for objective in objectives)
    return f"{benchmark} ({names})" if objectives else benchmark
