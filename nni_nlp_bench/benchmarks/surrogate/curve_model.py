"""Surrogate model of whole learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.surrogate.curve_noise import CurveNoise
from nni_nlp_bench.benchmarks.surrogate.curve_scale import CurveScale
from nni_nlp_bench.benchmarks.surrogate.evaluate import DEVIATIONS_OF_90_PERCENT
from nni_nlp_bench.benchmarks.surrogate.gaussian_process import GaussianProcess
from nni_nlp_bench.benchmarks.surrogate.model import DIGITS, Surrogate
from nni_nlp_bench.benchmarks.surrogate.row_cache import RowCache
from nni_nlp_bench.benchmarks.surrogate.run_noise import uniform
from nni_nlp_bench.benchmarks.surrogate.training_time import Time
from nni_nlp_bench.benchmarks.surrogate.trees import Trees

SERIES = ("val_loss", "test_loss", "train_loss")
VALIDATION = SERIES.index("val_loss")
RIDGE = 0.01
"""Relative variance that is added to measured epochs: noise of the run, and of the model."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficient:
    """Predicts the coefficient of a principal component; mean of both models."""

    process: GaussianProcess
    trees: Trees

    @classmethod
    def fit(cls, features: Values, targets: Values) -> Coefficient:
        """Fit to features (cells, features) and targets (cells,)."""
        trees = Trees.fit(
            features,
            targets,
            seeds=3,
            rounds=200,
            learning_rate=0.05,
            num_leaves=6,
            min_child_samples=5,
            feature_fraction=0.3,
        )
        return cls(GaussianProcess.fit(features, targets), trees)

    def predict(self, features: Values) -> Values:
        """Return the predictions (cells,)."""
        return (self.process.predict(features)[0] + self.trees.predict(features)) / 2


@dataclass(frozen=True)
class CurveModel:
    """Principal components of curves on their scale, with predicted coefficients."""

    scale: CurveScale
    mean: Values
    """Mean scores: (series, epochs)."""
    components: Values
    """(components, series, epochs)."""
    coefficients: tuple[Coefficient, ...]

    def scores(self, features: Values) -> Values:
        """Return the predicted scores (cells, series, epochs)."""
        found = np.stack([of.predict(features) for of in self.coefficients], axis=1)
        return np.round(self.mean + np.tensordot(found, self.components, axes=1), 9)


@dataclass(frozen=True, slots=True)
class CurvePrediction:
    """Predictions as arrays of one row per architecture."""

    losses: Values
    """Expected losses if the training does not diverge: (cells, series, epochs)."""
    std: Values
    """Standard deviation of the validation loss: (cells, epochs)."""
    seconds_per_epoch: Values
    divergence: Values
    """Probability that a run ends without a finite loss."""


@dataclass(frozen=True)
class CurveSurrogate:
    """Predicts the learning curves of any cell; created by `curve_fit.fit`.

    Predictions are rounded to six decimals, which are the same on every machine, and cached by
    canonical key.
    """

    final: Surrogate
    """Surrogate of final losses on another data set, whose prediction is a feature."""
    model: CurveModel
    errors: Values
    """Covariance of the errors of the predicted validation scores: (epochs, epochs)."""
    noise: CurveNoise
    training_time: Time
    lowest_loss: float
    """Lowest known final test loss, the reference of regrets."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    _cache: RowCache = field(default_factory=RowCache, repr=False, compare=False)

    @property
    def epochs(self) -> int:
        """Epochs of a full training."""
        return len(self.errors)

    def predict(self, recipes: Sequence[Any], workers: int | None = None) -> CurvePrediction:
        """Return the predictions. `workers` is the number of processes for a large batch."""
        scores, divergence = self._scores(recipes, workers)
        return CurvePrediction(
            self._losses(scores, recipes),
            self._std(scores[:, VALIDATION], np.sqrt(self.errors.diagonal())),
            self.training_time.seconds_per_epoch(recipes),
            divergence,
        )

    def run(self, recipe: Any, run: int) -> Values:
        """Return the losses of one run: (series, epochs)."""
        scores, _ = self._scores([recipe])
        noisy = scores + self.noise.of_run(recipe.canonical_key, run)
        return np.asarray(self._losses(noisy, [recipe])[0])

    def extrapolate(self, recipe: Any, val_loss: Values) -> tuple[Values, Values]:
        """Return the expected validation loss and its standard deviation, (epochs,) each.

        The errors of predictions are normal on the scale: measured epochs shift the others by
        their covariance.

        Args:
            recipe: The architecture.
            val_loss: Measured losses of the first epochs; empty for none.
        """
        scale = self._validation_scale
        expected = self._scores([recipe])[0][0, VALIDATION]
        error = scale.to_scores(val_loss[None, None])[0, 0] - expected[: len(val_loss)]
        shift, variance = condition(self.errors, error)
        scores = np.round(expected + shift, 9)[None]
        losses = np.round(scale.to_losses(scores[None])[0, 0], DIGITS)
        return losses, self._std(scores, np.sqrt(variance))[0]

    @property
    def _validation_scale(self) -> CurveScale:
        return self.model.scale.of_series(VALIDATION)

    def _scores(self, recipes: Sequence[Any], workers: int | None = None) -> tuple[Values, Values]:
        """Return the scores (cells, series, epochs) and the probabilities of divergence."""
        width = len(SERIES) * self.epochs + 1
        rows = self._cache.rows(recipes, width, partial(self._rows, workers=workers))
        return rows[:, :-1].reshape(-1, len(SERIES), self.epochs), rows[:, -1]

    def _rows(self, recipes: Mapping[str, Any], workers: int | None) -> Values:
        of = curve_features(self.final, list(recipes.values()), workers)
        scores = self.model.scores(of).reshape(len(recipes), -1)
        diverges = np.round(self.final.divergence.predict(of[:, :-1]), DIGITS)
        return np.column_stack([scores, diverges])

    def _losses(self, scores: Values, recipes: Sequence[Any]) -> Values:
        losses = np.round(self.model.scale.to_losses(scores), DIGITS)
        # Distinct cells differ even where the sixth decimal is the same.
        apart = np.array([0.98e-6 * (uniform(recipe.canonical_key) - 0.5) for recipe in recipes])
        return np.asarray(losses + apart[:, None, None])

    def _std(self, scores: Values, deviations: Values) -> Values:
        """Return the deviation of losses whose 90 % interval is as wide as that of the scores."""
        reach = DEVIATIONS_OF_90_PERCENT * deviations
        low, high = (
            self._validation_scale.to_losses(bound[:, None])[:, 0]
            for bound in (scores - reach, scores + reach)
        )
        return np.round((high - low) / (2 * DEVIATIONS_OF_90_PERCENT), DIGITS)


def condition(covariance: Values, error: Values) -> tuple[Values, Values]:
    """Return mean and variance at every epoch, given the errors of the first epochs."""
    seen = len(error)
    among = covariance[:seen, :seen]
    among = among + RIDGE * np.diag(among.diagonal())
    weights = np.linalg.solve(among, covariance[:seen])
    variance = covariance.diagonal() - (weights * covariance[:seen]).sum(axis=0)
    return error @ weights, variance.clip(0)


def curve_features(final: Surrogate, recipes: Sequence[Any], workers: int | None = None) -> Values:
    """Return the features of cells with the predicted score of their final loss as last column."""
    of, scores = final.scores(recipes, workers)
    return np.column_stack([of, scores])
