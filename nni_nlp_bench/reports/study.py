"""Results of a study: regret of each method at equal cost, mean and interval over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.reports.measures import Reference, regrets
from nni_nlp_bench.reports.statistics import interval_of_mean
from nni_nlp_bench.strategies.equal_cost import Cost
from nni_nlp_bench.strategies.result import SearchResult

Array = NDArray[np.float64]
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Fractions of the budget at which results are reported."""


def cost_text(cost: float) -> str:
    """Format a cost: without decimals, or with two significant digits below ten."""
    return f"{cost:,.0f}" if cost >= 10 else f"{cost:.2g}"


@dataclass(frozen=True)
class StudyRow:
    """Result of one method at one cost. Lower regret is better."""

    method: str
    seeds: int
    share: float
    """Fraction of the budget."""
    cost: float
    """Cost in the unit of the study."""
    regret: float
    """Mean over the seeds; NaN if some seed had no successful training at that cost."""
    low: float
    """Lower bound of the 95 % bootstrap interval of the mean; NaN for too few seeds."""
    high: float
    """Upper bound of that interval."""


def regrets_at(
    run: SearchResult, at: Array, cost: Cost, epochs: int, reference: Reference
) -> Array:
    """Return the regret of the incumbent at each cost; NaN before a training succeeds.

    Trainings count when they have ended. A search that ended early keeps its incumbent.

    Args:
        run: Result of a search.
        at: Costs, in the unit of `cost`.
        cost: Unit and limit of the cost.
        epochs: Epochs of a full training.
        reference: Loss that regret is measured from.
    """
    if cost.unit == "simulated hours":
        spent = np.array([trial.end_s / 3600 for trial in run.trials])
    else:
        spent = np.cumsum([trial.epochs_trained for trial in run.trials]) / epochs
    after = np.array([math.nan, *regrets(run.trials, reference)])
    return np.asarray(after[np.searchsorted(spent, at, side="right")])


def regrets_by_method(
    runs: Sequence[SearchResult], at: Array, cost: Cost, epochs: int, reference: Reference
) -> dict[str, Array]:
    """Return the regrets by method, each of shape (seeds, costs)."""
    names = dict.fromkeys(run.strategy for run in runs)
    return {
        name: np.stack(
            [regrets_at(r, at, cost, epochs, reference) for r in runs if r.strategy == name]
        )
        for name in names
    }


def study_rows(
    runs: Sequence[SearchResult], cost: Cost, epochs: int, reference: Reference
) -> list[StudyRow]:
    """Return one row per method and budget fraction, sorted by final regret in ascending order."""
    at = cost.limit * np.array(SHARES)
    tables = regrets_by_method(runs, at, cost, epochs, reference)
    ranked = sorted(tables.items(), key=lambda item: _final_regret(item[1]))
    return [
        _row(name, share, spent, column)
        for name, table in ranked
        for share, spent, column in zip(SHARES, at, table.T, strict=True)
    ]


def _final_regret(table: Array) -> tuple[bool, float]:
    mean = float(table[:, -1].mean())
    return math.isnan(mean), mean


def _row(name: str, share: float, spent: float, column: Array) -> StudyRow:
    interval = interval_of_mean(column.tolist())
    return StudyRow(
        method=name,
        seeds=len(column),
        share=share,
        cost=float(spent),
        regret=float(column.mean()),
        low=math.nan if interval is None else interval.low,
        high=math.nan if interval is None else interval.high,
    )
