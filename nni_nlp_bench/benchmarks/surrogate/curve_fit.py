"""Fit a surrogate of learning curves to a table of curves and a surrogate of final losses.

`python -m nni_nlp_bench.benchmarks.surrogate.curve_fit --curves nas-bench-nlp/wikitext-2 --losses
ptb_multi_run.csv.gz --out DIR` makes the packaged one, with cross-validated metrics.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, Benchmark
from nni_nlp_bench.benchmarks.surrogate.curve_model import (
    SERIES,
    VALIDATION,
    Coefficient,
    CurveModel,
    CurveSurrogate,
    condition,
    curve_features,
)
from nni_nlp_bench.benchmarks.surrogate.curve_noise import CurveNoise
from nni_nlp_bench.benchmarks.surrogate.curve_scale import CurveScale
from nni_nlp_bench.benchmarks.surrogate.evaluate import DEVIATIONS_OF_90_PERCENT
from nni_nlp_bench.benchmarks.surrogate.fit import FOLDS, folds
from nni_nlp_bench.benchmarks.surrogate.model import Surrogate
from nni_nlp_bench.benchmarks.surrogate.training_time import WIKITEXT_2_TIME

COMPONENTS = 6
GIVEN_EPOCHS = (0, 1, 3, 5, 10, 25)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Complete runs by cell."""

    recipes: tuple[Any, ...]
    runs: tuple[Values, ...]
    """Of each cell: (runs, series, epochs)."""

    @property
    def mean(self) -> Values:
        """Mean over the runs of each cell: (cells, series, epochs)."""
        return np.stack([of.mean(axis=0) for of in self.runs])


@dataclass(frozen=True, slots=True)
class CurveMetrics:
    """Agreement of predicted and measured validation losses on held-out cells."""

    kendall: float
    """Of the final loss: 1 is best."""
    r2: float
    kendall_of_epochs: float
    """Mean over the epochs that were not given, as the following."""
    r2_of_epochs: float
    coverage: float
    """Fraction of losses within the 90 % interval: 0.9 is best."""


def read_curves(table: Benchmark) -> Curves:
    """Return the complete, finite runs of a table."""
    recipes, runs = [], []
    for recipe in table.architectures() or ():
        found = [table.curve(recipe, seed) for seed in table.seeds(recipe)]
        losses = [
            np.stack([getattr(curve, name) for name in SERIES])
            for curve in found
            if curve.status == OK and len(curve.val_loss) == table.epochs
        ]
        if finite := [of for of in losses if np.isfinite(of).all()]:
            recipes.append(recipe)
            runs.append(np.stack(finite))
    return Curves(tuple(recipes), tuple(runs))


def fit(
    curves: Curves,
    final: Surrogate,
    held_out: Mapping[str, float],
    metadata: Mapping[str, Any] | None = None,
) -> CurveSurrogate:
    """Fit to the curves of cells.

    `held_out` has the scores of the cells that `final` was fitted to, by canonical key, from
    models that had not seen them.
    """
    of = _features(curves, final, held_out)
    measured = curves.mean
    model = _fit_model(of, measured)
    errors = _errors(model.scale, measured, _held_out_scores(of, measured))
    noise = CurveNoise.fit([model.scale.to_scores(runs) for runs in curves.runs])
    lowest = float(measured[:, SERIES.index("test_loss"), -1].min())
    covariance = errors.T @ errors / len(errors)
    return CurveSurrogate(final, model, covariance, noise, WIKITEXT_2_TIME, lowest, metadata or {})


def cross_validate(
    curves: Curves, final: Surrogate, held_out: Mapping[str, float]
) -> dict[int, CurveMetrics]:
    """Return five-fold cross-validated metrics, by the number of epochs that are given."""
    of = _features(curves, final, held_out)
    measured = curves.mean
    scores = _held_out_scores(of, measured)
    shape = measured[:, VALIDATION].shape
    losses = {given: np.empty(shape) for given in GIVEN_EPOCHS}
    inside = {given: np.empty(shape, bool) for given in GIVEN_EPOCHS}
    for train, test in folds(len(measured)):
        scale = CurveScale.fit(measured[train])
        found = _errors(scale, measured, scores)
        covariance = found[train].T @ found[train] / len(train)
        truth = scale.to_scores(measured[test])[:, VALIDATION]
        for given in GIVEN_EPOCHS:
            moved = [condition(covariance, error[:given]) for error in found[test]]
            expected = scores[test, VALIDATION] + [shift for shift, _ in moved]
            reach = DEVIATIONS_OF_90_PERCENT * np.sqrt([variance for _, variance in moved])
            validation = scale.of_series(VALIDATION)
            losses[given][test] = validation.to_losses(expected[:, None])[:, 0]
            inside[given][test] = abs(truth - expected) <= reach
    return {
        given: _metrics(losses[given], measured[:, VALIDATION], inside[given], given)
        for given in GIVEN_EPOCHS
    }


def _features(curves: Curves, final: Surrogate, held_out: Mapping[str, float]) -> Values:
    of = curve_features(final, curves.recipes)
    for row, recipe in zip(of, curves.recipes, strict=True):
        row[-1] = held_out.get(recipe.canonical_key, row[-1])
    return of


def _fit_model(of: Values, measured: Values) -> CurveModel:
    scale = CurveScale.fit(measured)
    scores = scale.to_scores(measured)
    mean = scores.mean(axis=0)
    flat = (scores - mean).reshape(len(scores), -1)
    _, sizes, directions = np.linalg.svd(flat, full_matrices=False)
    spread = sizes[:COMPONENTS] / np.sqrt(len(flat))
    targets = flat @ directions[:COMPONENTS].T / spread
    return CurveModel(
        scale,
        mean,
        (directions[:COMPONENTS] * spread[:, None]).reshape(-1, *mean.shape),
        tuple(Coefficient.fit(of, column) for column in targets.T),
    )


def _held_out_scores(of: Values, measured: Values) -> Values:
    """Return the scores of every cell by a model that has not seen it."""
    scores = np.empty_like(measured)
    for train, test in folds(len(measured)):
        scores[test] = _fit_model(of[train], measured[train]).scores(of[test])
    return scores


def _errors(scale: CurveScale, measured: Values, scores: Values) -> Values:
    """Return measured minus predicted validation scores: (cells, epochs)."""
    return (scale.to_scores(measured) - scores)[:, VALIDATION]


def _metrics(predicted: Values, measured: Values, inside: Values, given: int) -> CurveMetrics:
    from scipy.stats import kendalltau

    errors = ((predicted - measured) ** 2).mean(axis=0)
    r2 = (1 - errors / measured.var(axis=0))[given:]
    kendall = [kendalltau(a, b).statistic for a, b in zip(predicted.T, measured.T, strict=True)]
    return CurveMetrics(
        kendall=float(kendall[-1]),
        r2=float(r2[-1]),
        kendall_of_epochs=float(np.mean(kendall[given:])),
        r2_of_epochs=float(r2.mean()),
        coverage=float(inside[:, given:].mean()),
    )


def main() -> None:
    """Fit to published curves and losses, and write the surrogate with its metrics."""
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.surrogate.curve_storage import save_curve_surrogate
    from nni_nlp_bench.benchmarks.surrogate.fit import held_out_scores
    from nni_nlp_bench.benchmarks.surrogate.packaged import ptb_surrogate
    from nni_nlp_bench.benchmarks.surrogate.published_losses import WIKITEXT_2, read_losses

    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--curves", required=True, help="name or folder of a table")
    parser.add_argument("--losses", type=Path, required=True, help="CSV: recipe, test_loss")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    curves = read_curves(load(arguments.curves))
    final = ptb_surrogate()
    held_out = held_out_scores(*read_losses(arguments.losses))
    figures = cross_validate(curves, final, held_out)
    metadata = {
        **WIKITEXT_2,
        "cells": len(curves.recipes),
        "runs": sum(map(len, curves.runs)),
        "cross_validation": {
            "folds": FOLDS,
            "split_by": "cell",
            "given_epochs": {given: asdict(metrics) for given, metrics in figures.items()},
        },
    }
    save_curve_surrogate(fit(curves, final, held_out, metadata), arguments.out)
    print(figures)


if __name__ == "__main__":
    main()
