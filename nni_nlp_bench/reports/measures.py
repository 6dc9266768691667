"""Figures of a search: incumbents, regret, evaluations to target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark, Result
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.result import SearchResult


@dataclass(frozen=True)
class Reference:
    """The loss that regret is measured from."""

    loss: float
    """NaN where no training succeeded."""
    unit: LossUnit
    meaning: str
    known: bool = False
    """Whether no search can find a lower one, and so every comparison measures from it."""

    @classmethod
    def lowest_of(cls, benchmark: str, loss: float, unit: LossUnit) -> Reference:
        """The lowest loss of a benchmark where it is known."""
        return cls(loss, unit, f"lowest of {benchmark}", known=True)

    def __str__(self) -> str:
        if math.isnan(self.loss):
            return "nothing, for no training succeeded"
        return f"{self.loss:.3f} {self.unit}, the {self.meaning}"


@dataclass(frozen=True)
class Summary:
    """One search in one row. Losses and regret: lower is better."""

    strategy: str
    seed: int | None
    """None where it is not recorded."""
    best_figure: float
    """Of the loss, by its unit."""
    best_loss: float
    """Test loss of the incumbent at the end: the architecture of the best objective so far."""
    regret: float
    evaluations_to_target: int | None
    """Evaluations until the regret was within the unit's target; None if it never was."""
    hours_to_target: float | None
    simulated_hours: float
    evaluations: int
    distinct: int | None
    """Architectures told apart; None where it is not recorded."""
    epochs: int | None
    failed: int
    predicted: int
    replaced: int


def reported_loss(result: Result) -> float:
    """The test loss where it is recorded, else the validation loss."""
    loss = result.test_loss if result.test_loss is not None else result.val_loss
    return math.nan if loss is None else loss


def incumbents(trials: Sequence[Trial]) -> list[Trial | None]:
    """After each trial the one of the best score so far; None until a training succeeds."""
    best: Trial | None = None
    found: list[Trial | None] = []
    for trial in trials:
        if not trial.failed and (best is None or trial.score > best.score):
            best = trial
        found.append(best)
    return found


def regrets(trials: Sequence[Trial], reference: Reference) -> list[float]:
    """Test loss of the incumbent above the reference after each trial; NaN without incumbent."""
    return [
        math.nan if best is None else reported_loss(best.result) - reference.loss
        for best in incumbents(trials)
    ]


def reference_loss(benchmark: Benchmark, runs: Sequence[SearchResult]) -> Reference:
    """The lowest loss of the benchmark, or of all incumbents where nobody knows it."""
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


def _lowest(losses: list[float]) -> float:
    """The lowest of the finite losses, NaN without any."""
    return min((loss for loss in losses if math.isfinite(loss)), default=math.nan)


def arrival(regret: Sequence[float], unit: LossUnit) -> int | None:
    """Position of the first regret within the unit's target; None where there is none."""
    return next((i for i, value in enumerate(regret) if value <= unit.target), None)


def summarize(run: SearchResult, reference: Reference) -> Summary:
    """The row of one search."""
    trials, regret = run.trials, regrets(run.trials, reference)
    best = incumbents(trials)[-1] if trials else None
    loss = math.nan if best is None else reported_loss(best.result)
    arrived = arrival(regret, reference.unit)
    return Summary(
        strategy=run.strategy,
        seed=run.seed,
        best_figure=reference.unit.figure_of(loss),
        best_loss=loss,
        regret=loss - reference.loss,
        evaluations_to_target=None if arrived is None else arrived + 1,
        hours_to_target=None if arrived is None else trials[arrived].end_s / 3600,
        simulated_hours=float(np.max([trial.end_s for trial in trials] or [math.nan])) / 3600,
        evaluations=len(trials),
        distinct=len({trial.key for trial in trials}),
        epochs=sum(trial.epochs_trained for trial in trials),
        failed=sum(trial.failed for trial in trials),
        predicted=sum(trial.result.origin == "predicted" for trial in trials),
        replaced=sum(trial.replaced for trial in trials),
    )
