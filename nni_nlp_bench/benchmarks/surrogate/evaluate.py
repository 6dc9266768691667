"""Evaluation of surrogates on held-out cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.surrogate.cells import cells_of_runs
from nni_nlp_bench.benchmarks.surrogate.model import Surrogate
from search_spaces.rnn_cell import Recipe

DEVIATIONS_OF_90_PERCENT = 1.645

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
    """Metrics of all cells, and of those with a measured loss below a threshold."""

    overall: Metrics
    below: Metrics
    threshold: float


def evaluate(
    surrogate: Surrogate, recipes: Sequence[Recipe], losses: Values, threshold: float = 5.5
) -> Report:
    """Evaluate a surrogate on measured losses (nats per token) of held-out cells.

    Runs of a cell are averaged; runs without a finite loss are left out.
    """
    cells = cells_of_runs(recipes, losses)
    finite = np.isfinite(cells.loss)
    kept = [recipe for recipe, keep in zip(cells.recipes, finite, strict=True) if keep]
    predicted = surrogate.predict(kept)
    return report(predicted.loss, predicted.std, cells.loss[finite], threshold)


def report(predicted: Values, std: Values, measured: Values, threshold: float = 5.5) -> Report:
    """Return the metrics of predictions, one per cell."""
    low = measured < threshold
    return Report(
        overall=_figures(predicted, std, measured),
        below=_figures(predicted[low], std[low], measured[low]),
        threshold=threshold,
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
