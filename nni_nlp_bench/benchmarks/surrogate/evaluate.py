"""Evaluation of surrogates on held-out cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.surrogate.cells import cells_of_runs
from nni_nlp_bench.benchmarks.surrogate.model import Surrogate
from search_spaces.rnn_cell import Recipe

DEVIATIONS_OF_90_PERCENT = 1.645
THRESHOLDS = (5.5, 4.75)
"""Losses in nats: 5.5 leaves out failed trainings, 4.75 keeps the best eighth of the cells."""
BEST = (5, 10, 20, 50)

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Agreement of predicted and measured losses; NaN with too few cells."""

    cells: int
    kendall: float
    """Rank correlation tau-b: 1 is best."""
    spearman: float
    r2: float
    mae: float
    """Nats per token: lower is better, as for `rmse`."""
    rmse: float
    coverage: float
    """Fraction of cells within the 90 % interval: 0.9 is best."""


@dataclass(frozen=True, slots=True)
class Report:
    """Metrics of all cells and of the best ones."""

    overall: Metrics
    below: Mapping[float, Metrics]
    """Metrics of the cells with a measured loss below a threshold."""
    optimism: Mapping[int, float]
    """Mean of measured minus predicted loss over the n cells with the lowest predictions."""


def evaluate(
    surrogate: Surrogate,
    recipes: Sequence[Recipe],
    losses: Values,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Report:
    """Evaluate a surrogate on measured losses (nats per token) of held-out cells.

    Runs of a cell are averaged; runs without a finite loss are left out.
    """
    cells = cells_of_runs(recipes, losses)
    finite = np.isfinite(cells.loss)
    kept = [recipe for recipe, keep in zip(cells.recipes, finite, strict=True) if keep]
    predicted = surrogate.predict(kept)
    return report(predicted.loss, predicted.std, cells.loss[finite], thresholds)


def report(
    predicted: Values,
    std: Values,
    measured: Values,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Report:
    """Return the metrics of predictions, one per cell."""
    low = {threshold: measured < threshold for threshold in thresholds}
    order = np.argsort(predicted, kind="stable")
    return Report(
        overall=_figures(predicted, std, measured),
        below={t: _figures(predicted[of], std[of], measured[of]) for t, of in low.items()},
        optimism={n: float((measured - predicted)[order[:n]].mean()) for n in BEST},
    )


def _figures(predicted: Values, std: Values, measured: Values) -> Metrics:
    from scipy.stats import kendalltau, spearmanr

    if len(measured) < 2:
        return Metrics(len(measured), *[float("nan")] * 6)
    errors = predicted - measured
    return Metrics(
        cells=len(measured),
        kendall=float(kendalltau(predicted, measured).statistic),
        spearman=float(spearmanr(predicted, measured).statistic),
        r2=float(1 - errors.var() / measured.var() - errors.mean() ** 2 / measured.var()),
        mae=float(abs(errors).mean()),
        rmse=float(np.sqrt((errors**2).mean())),
        coverage=float((abs(errors) <= DEVIATIONS_OF_90_PERCENT * std).mean()),
    )
