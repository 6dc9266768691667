"""One search as a report sees it, wherever it ran."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark, Origin
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.reports.measures import incumbents, reported_loss
from nni_nlp_bench.strategies.result import SearchResult


@dataclass(frozen=True)
class Curve:
    """Loss of the incumbent: lower is better. NaN until a training succeeded."""

    losses: tuple[float, ...]
    """After each evaluation, in the order of the search."""
    hours: tuple[float, ...]
    """When each training ended, in simulated hours, ascending; NaN where nobody knows."""
    timed_losses: tuple[float, ...]
    """Once that training had ended: `losses` again, unless trainings overtook one another."""

    @property
    def final(self) -> float:
        """At the end of the search; NaN where no training succeeded."""
        return self.losses[-1] if self.losses else math.nan

    @property
    def timed(self) -> bool:
        """Whether every hour is known."""
        return all(math.isfinite(hour) for hour in self.hours)


@dataclass(frozen=True)
class BestArchitecture:
    """The architecture that a search ended with."""

    architecture: str
    """JSON text that the space's `parse` reads back."""
    loss: float
    origin: Origin | None
    """None where it is not recorded."""
    source: str | None
    """Name of the benchmark that answered; None where it is not recorded."""


@dataclass(frozen=True)
class Counts:
    """What became of the evaluations of one search. The origin of some may not be recorded."""

    evaluations: int
    measured: int
    predicted: int
    failed: int
    """Trainings that broke off; a predicted one counts under `predicted` too."""
    replaced: int
    """Evaluations that another architecture of the table, the nearest one, stood for."""


@dataclass(frozen=True)
class SearchRecord:
    """One finished search."""

    experiment: str
    """Name of what it was read from."""
    strategy: str
    seed: int | None
    """None where it is not recorded."""
    space: str
    benchmark: str
    """Results of different benchmarks are never compared."""
    unit: LossUnit
    """Of all losses."""
    optimum: float | None
    """The lowest loss of the benchmark, where it is known."""
    curve: Curve
    counts: Counts
    find: BestArchitecture | None
    """None where no training succeeded."""


def curve_of(run: SearchResult) -> Curve:
    """The curve of a simulated search; by hours, the incumbent of the trainings that had ended."""
    ends = sorted(run.trials, key=lambda trial: trial.end_s)
    return Curve(
        losses=_losses(run.trials),
        hours=tuple(trial.end_s / 3600 for trial in ends),
        timed_losses=_losses(ends),
    )


def curve_in_order(losses: Sequence[float], ends: Sequence[float]) -> Curve:
    """A curve from what is known after each evaluation, in the order of the search.

    Trainings may overtake one another: an incumbent is known when all before it have ended.
    """
    return Curve(tuple(losses), tuple(np.maximum.accumulate(ends).tolist()), tuple(losses))


def _losses(trials: Sequence[Trial]) -> tuple[float, ...]:
    return tuple(
        math.nan if best is None else reported_loss(best.result) for best in incumbents(trials)
    )


def benchmark_of(finds: Iterable[BestArchitecture]) -> str | None:
    """The benchmark that these finds came from: the table where results were measured.

    Predictions beside them filled in for what the table lacks. None where no source is recorded.
    """
    sources = {(find.origin, find.source) for find in finds if find.source is not None}
    measured = [source for origin, source in sources if origin == "measured"]
    return " + ".join(sorted(measured or {source for _, source in sources})) or None


def record_of(result: SearchResult, benchmark: Benchmark, experiment: str) -> SearchRecord:
    """Return the record of a search that ran in this process."""
    best, trials = result.best_trial, result.trials
    return SearchRecord(
        experiment=experiment,
        strategy=result.strategy,
        seed=result.seed,
        space=benchmark.space_name,
        benchmark=benchmark.name,
        unit=benchmark.unit,
        optimum=benchmark.lowest_loss,
        curve=curve_of(result),
        counts=Counts(
            evaluations=len(trials),
            measured=sum(trial.result.origin == "measured" for trial in trials),
            predicted=sum(trial.result.origin == "predicted" for trial in trials),
            failed=sum(trial.failed for trial in trials),
            replaced=sum(trial.replaced for trial in trials),
        ),
        find=None
        if best is None
        else BestArchitecture(
            best.evaluated.to_json(),
            reported_loss(best.result),
            best.result.origin,
            best.result.source,
        ),
    )
