"""What a study found: the regret of each method at equal costs, mean and interval over seeds."""

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
"""Parts of the budget that the table tells of."""


def cost_text(cost: float) -> str:
    """Hours or trainings for a reader: whole ones, below ten with two digits."""
    return f"{cost:,.0f}" if cost >= 10 else f"{cost:.2g}"


@dataclass(frozen=True)
class Figure:
    """One method at one cost. Regret in the unit of the loss: lower is better."""

    method: str
    seeds: int
    share: float
    """Part of the budget."""
    cost: float
    """In the unit of the study."""
    regret: float
    """Mean over the seeds; NaN where the first training of some seed had not ended, or failed."""
    low: float
    """The 95 % confidence interval of that mean, by bootstrap; NaN for too few seeds."""
    high: float


def regrets_at(
    run: SearchResult, at: Array, cost: Cost, epochs: int, reference: Reference
) -> Array:
    """Regret of the best-validated architecture once so much was spent.

    Trainings count when they have ended. A search that ended early keeps what it found; NaN before
    a training succeeded. `epochs` is the length of a full training.
    """
    if cost.unit == "simulated hours":
        spent = np.array([trial.end_s / 3600 for trial in run.trials])
    else:
        spent = np.cumsum([trial.epochs_trained for trial in run.trials]) / epochs
    after = np.array([math.nan, *regrets(run.trials, reference)])
    return np.asarray(after[np.searchsorted(spent, at, side="right")])


def by_method(
    runs: Sequence[SearchResult], at: Array, cost: Cost, epochs: int, reference: Reference
) -> dict[str, Array]:
    """Seeds x costs of every method."""
    names = dict.fromkeys(run.strategy for run in runs)
    return {
        name: np.stack(
            [regrets_at(r, at, cost, epochs, reference) for r in runs if r.strategy == name]
        )
        for name in names
    }


def figures_of(
    runs: Sequence[SearchResult], cost: Cost, epochs: int, reference: Reference
) -> list[Figure]:
    """The figures at SHARES of the budget, methods by their regret at its end, the lowest first."""
    at = cost.limit * np.array(SHARES)
    tables = by_method(runs, at, cost, epochs, reference)
    ranked = sorted(tables.items(), key=lambda item: _last(item[1]))
    return [
        _figure(name, share, spent, column)
        for name, table in ranked
        for share, spent, column in zip(SHARES, at, table.T, strict=True)
    ]


def _last(table: Array) -> tuple[bool, float]:
    mean = float(table[:, -1].mean())
    return math.isnan(mean), mean


def _figure(name: str, share: float, spent: float, column: Array) -> Figure:
    interval = interval_of_mean(column.tolist())
    return Figure(
        method=name,
        seeds=len(column),
        share=share,
        cost=float(spent),
        regret=float(column.mean()),
        low=math.nan if interval is None else interval.low,
        high=math.nan if interval is None else interval.high,
    )
