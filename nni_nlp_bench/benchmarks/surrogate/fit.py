"""Fit a surrogate to measured losses.

`python -m nni_nlp_bench.benchmarks.surrogate.fit --table ptb_multi_run.csv.gz --out DIR` makes the
packaged one, with cross-validated metrics, in 15 minutes on one CPU. The result is
reproducible byte by byte on one machine.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.surrogate.cells import cells_of_runs
from nni_nlp_bench.benchmarks.surrogate.evaluate import (
    DEVIATIONS_OF_90_PERCENT,
    THRESHOLDS,
    Report,
    report,
)
from nni_nlp_bench.benchmarks.surrogate.features import CELLS, features
from nni_nlp_bench.benchmarks.surrogate.gaussian_process import GaussianProcess
from nni_nlp_bench.benchmarks.surrogate.loss_scales import TailScale, to_scores
from nni_nlp_bench.benchmarks.surrogate.model import ErrorModel, LossModel, Surrogate
from nni_nlp_bench.benchmarks.surrogate.run_noise import RunNoise
from nni_nlp_bench.benchmarks.surrogate.storage import save_surrogate
from nni_nlp_bench.benchmarks.surrogate.training_time import PTB_TIME, Time
from nni_nlp_bench.benchmarks.surrogate.trees import Trees
from search_spaces.rnn_cell import Recipe

FOLDS = 5
FEWEST_CELLS = 20
COVERED = 0.9
_SMALLEST_ERROR = 1e-3

Values = NDArray[np.float64]


def fit(
    recipes: Sequence[Any],
    losses: Values,
    *,
    space: str = CELLS,
    training_time: Time = PTB_TIME,
    metadata: dict[str, Any] | None = None,
    workers: int | None = None,
) -> Surrogate:
    """Fit a surrogate to one final loss per run, not finite if it diverged.

    Runs of a cell are averaged. Diverged runs affect only the probability of divergence.
    Raises BenchmarkError for too few cells.
    """
    cells = cells_of_runs(recipes, losses)
    of = features(cells.recipes, workers, space)
    finite = np.isfinite(cells.loss)
    if finite.sum() < FEWEST_CELLS:
        raise BenchmarkError(f"a surrogate needs {FEWEST_CELLS} cells with a finite loss or more")
    loss, error = _fit_loss(of[finite], cells.loss[finite])
    divergence = Trees.fit(
        of, cells.diverged, objective="cross_entropy", seeds=1, rounds=200, learning_rate=0.05
    )
    return Surrogate(
        loss,
        error,
        divergence,
        training_time,
        lowest_loss=float(cells.loss[finite].min()),
        space=space,
        noise=RunNoise.fit(recipes, losses),
        metadata=metadata or {},
    )


def cross_validate(
    recipes: Sequence[Any],
    losses: Values,
    thresholds: Sequence[float] = THRESHOLDS,
    workers: int | None = None,
    space: str = CELLS,
) -> Report:
    """Return five-fold cross-validated metrics of `fit`."""
    cells = cells_of_runs(recipes, losses)
    finite = np.isfinite(cells.loss)
    of = features(cells.recipes, workers, space)[finite]
    measured = cells.loss[finite]
    predicted, std = np.empty_like(measured), np.empty_like(measured)
    for train, test in folds(len(measured)):
        loss, error = _fit_loss(of[train], measured[train])
        evidence = loss.evidence(of[test])
        predicted[test] = loss.scale.to_loss(evidence[:, 0])
        std[test] = error.std(evidence)
    return report(predicted, std, measured, thresholds)


def held_out_scores(
    recipes: Sequence[Recipe], losses: Values, workers: int | None = None
) -> dict[str, float]:
    """Return the score of each cell by a model that has not seen it, by canonical key."""
    cells = cells_of_runs(recipes, losses)
    finite = np.isfinite(cells.loss)
    of = features(cells.recipes, workers)[finite]
    measured = cells.loss[finite]
    scores = np.empty_like(measured)
    for train, test in folds(len(measured)):
        scores[test] = _fit_model(of[train], measured[train]).evidence(of[test])[:, 0]
    kept = [
        recipe.canonical_key for recipe, keep in zip(cells.recipes, finite, strict=True) if keep
    ]
    return dict(zip(kept, scores.tolist(), strict=True))


def _fit_loss(of: Values, measured: Values) -> tuple[LossModel, ErrorModel]:
    model = _fit_model(of, measured)
    evidence = np.empty((len(measured), 3))
    errors = np.empty_like(measured)
    for train, test in folds(len(measured)):
        fold = _fit_model(of[train], measured[train])
        evidence[test] = fold.evidence(of[test])
        errors[test] = abs(fold.scale.to_loss(evidence[test, 0]) - measured[test])
    return model, _fit_error(evidence, errors)


def _fit_model(of: Values, measured: Values) -> LossModel:
    scores = to_scores(measured)
    trees = Trees.fit(of, scores, seeds=3, rounds=450, learning_rate=0.035)
    return LossModel(GaussianProcess.fit(of, scores), trees, TailScale.fit(measured))


def _fit_error(evidence: Values, errors: Values) -> ErrorModel:
    """Fit a model of held-out errors, calibrated on its own held-out predictions."""
    logs = np.log(errors + _SMALLEST_ERROR)
    sizes = np.empty_like(errors)
    for train, test in folds(len(errors)):
        sizes[test] = np.exp(_fit_size(evidence[train], logs[train]).predict(evidence[test]))
    covered = min(1.0, COVERED * (1 + 1 / len(errors)))  # split conformal prediction
    factor = np.quantile(errors / sizes, covered) / DEVIATIONS_OF_90_PERCENT
    return ErrorModel(_fit_size(evidence, logs), float(factor))


def _fit_size(evidence: Values, logs: Values) -> Trees:
    return Trees.fit(
        evidence,
        logs,
        seeds=1,
        rounds=100,
        learning_rate=0.05,
        num_leaves=6,
        min_child_samples=30,
        feature_fraction=1.0,
    )


def folds(count: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield training and test indices of the folds, in a fixed random order."""
    order = np.random.default_rng(0).permutation(count)
    for fold in range(FOLDS):
        yield np.delete(order, np.s_[fold::FOLDS]), order[fold::FOLDS]


def main() -> None:
    """Fit to a published table and write the surrogate with cross-validated metrics."""
    from nni_nlp_bench.benchmarks.surrogate.published_losses import PTB, read_losses

    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--table", type=Path, required=True, help="CSV: recipe, test_loss")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    recipes, losses = read_losses(arguments.table)
    figures = cross_validate(recipes, losses)
    metadata = {
        **PTB,
        "cells": len({recipe.canonical_key for recipe in recipes}),
        "runs": len(recipes),
        "cross_validation": {"folds": FOLDS, "split_by": "cell", **asdict(figures)},
    }
    save_surrogate(fit(recipes, losses, metadata=metadata), arguments.out)
    print(figures)


if __name__ == "__main__":
    main()
