"""Performance measures of a search: incumbents, regret, evaluations to target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark, Result
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.reports.hypervolume import HypervolumeUnit, ReferenceFront, ReportUnit
from nni_nlp_bench.strategies.result import SearchResult


@dataclass(frozen=True)
class Reference:
    """Loss that regret is measured from."""

    loss: float
    """NaN if no training succeeded."""
    unit: ReportUnit
    meaning: str
    """Description of the loss, such as `lowest of wikitext-2`."""
    known: bool = False
    """Whether it is the global optimum of the benchmark, so that comparisons share it."""

    @classmethod
    def lowest_of(cls, benchmark: str, loss: float, unit: ReportUnit) -> Reference:
        """Return the known optimum of a benchmark as the reference."""
        return cls(loss, unit, f"lowest of {benchmark}", known=True)

    def __str__(self) -> str:
        if math.isnan(self.loss):
            return "nothing (no training succeeded)"
        if isinstance(self.unit, HypervolumeUnit):
            return f"the {self.meaning}"
        return f"{self.loss:.3f} {self.unit}, the {self.meaning}"


@dataclass(frozen=True)
class Summary:
    """Metrics of one search. Lower losses and regrets are better."""

    strategy: str
    seed: int | None
    """None if unknown."""
    best_metric: float
    """Metric of `best_loss`, such as its perplexity."""
    best_loss: float
    """Test loss of the final incumbent: the architecture with the best validation objective."""
    regret: float
    evaluations_to_target: int | None
    """Evaluations until the regret was within the target of the unit; None if it never was."""
    hours_to_target: float | None
    simulated_hours: float
    evaluations: int
    distinct: int | None
    """Number of distinct architectures; None if unknown."""
    epochs: int | None
    failed: int
    predicted: int
    replaced: int


def reported_loss(result: Result) -> float:
    """Return the test loss if it is recorded, else the validation loss."""
    loss = result.test_loss if result.test_loss is not None else result.val_loss
    return math.nan if loss is None else loss


def incumbents(trials: Sequence[Trial]) -> list[Trial | None]:
    """Return the best trial so far after each trial; None until a training succeeds."""
    best: Trial | None = None
    incumbents: list[Trial | None] = []
    for trial in trials:
        if not trial.failed and (best is None or trial.score > best.score):
            best = trial
        incumbents.append(best)
    return incumbents


def incumbent_losses(trials: Sequence[Trial]) -> list[float]:
    """Return the loss of the incumbent after each trial; NaN before the first success."""
    return [math.nan if best is None else reported_loss(best.result) for best in incumbents(trials)]


def regrets(trials: Sequence[Trial], reference: Reference) -> list[float]:
    """Return the regret of the incumbent after each trial; NaN before the first success."""
    return [loss - reference.loss for loss in incumbent_losses(trials)]


def reference_loss(benchmark: Benchmark, runs: Sequence[SearchResult]) -> Reference:
    """Return the lowest loss of the benchmark, or of all incumbents if it is unknown."""
    found = [
        reported_loss(best.result)
        for run in runs
        for best in incumbents(run.trials)
        if best is not None
    ]
    known, unit = benchmark.lowest_loss, benchmark.unit
    if known is None:
        return Reference(_lowest(found), unit, "best found in this comparison")
    lowest = _lowest([known, *found])
    if lowest != known and found:
        best = f"best found in this comparison, below all of {benchmark.name}"
        return Reference(lowest, unit, best)
    return Reference.lowest_of(benchmark.name, known, unit)


def hypervolume_reference(front: ReferenceFront) -> Reference:
    """Return the reference of searches with several objectives: no hypervolume is missing."""
    loss = 0.0 if front.front else math.nan
    return Reference(loss, HypervolumeUnit.PERCENT, front.meaning, front.known)


def _lowest(losses: list[float]) -> float:
    """Return the lowest finite loss, or NaN if there is none."""
    return min((loss for loss in losses if math.isfinite(loss)), default=math.nan)


def first_within_target(regret: Sequence[float], unit: ReportUnit) -> int | None:
    """Return the index of the first regret within the target of the unit, or None."""
    return next((i for i, value in enumerate(regret) if value <= unit.target), None)


def summarize(
    run: SearchResult, reference: Reference, losses: Sequence[float] | None = None
) -> Summary:
    """Return the metrics of one search.

    Args:
        run: Result of the search.
        reference: What regret is measured from.
        losses: Loss after each trial, in the unit of the reference; by default the incumbent's.
    """
    trials = run.trials
    losses = incumbent_losses(trials) if losses is None else losses
    loss = losses[-1] if losses else math.nan
    target_index = first_within_target([x - reference.loss for x in losses], reference.unit)
    return Summary(
        strategy=run.strategy,
        seed=run.seed,
        best_metric=reference.unit.to_metric(loss),
        best_loss=loss,
        regret=loss - reference.loss,
        evaluations_to_target=None if target_index is None else target_index + 1,
        hours_to_target=None if target_index is None else trials[target_index].end_s / 3600,
        simulated_hours=float(np.max([trial.end_s for trial in trials] or [math.nan])) / 3600,
        evaluations=len(trials),
        distinct=len({trial.key for trial in trials}),
        epochs=sum(trial.epochs_trained for trial in trials),
        failed=sum(trial.failed for trial in trials),
        predicted=sum(trial.result.origin == "predicted" for trial in trials),
        replaced=sum(trial.replaced for trial in trials),
    )
