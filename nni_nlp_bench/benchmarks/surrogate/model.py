"""Surrogate model of training results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.surrogate.features import CELLS, feature_batches, features
from nni_nlp_bench.benchmarks.surrogate.gaussian_process import GaussianProcess
from nni_nlp_bench.benchmarks.surrogate.loss_scales import LossScale
from nni_nlp_bench.benchmarks.surrogate.row_cache import RowCache
from nni_nlp_bench.benchmarks.surrogate.run_noise import RunNoise, uniform
from nni_nlp_bench.benchmarks.surrogate.training_time import Time
from nni_nlp_bench.benchmarks.surrogate.trees import Trees
from nni_nlp_bench.core.environment import single_thread
from search_spaces.rnn_cell.features.table import DEFAULT_SIMULATION

DIGITS = 6

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predictions as arrays of one value per architecture."""

    loss: Values
    """Loss after the last epoch if the training does not diverge: lower is better."""
    std: Values
    """Standard deviation of that loss: loss +- 1.645 std covers 90 % of unseen cells."""
    seconds_per_epoch: Values
    divergence: Values
    """Probability that a run ends without a finite loss."""


@dataclass(frozen=True)
class LossModel:
    """A Gaussian process and boosted trees, both on the same scale of the losses."""

    process: GaussianProcess
    trees: Trees
    scale: LossScale

    def evidence(self, of: Values) -> Values:
        """Return (cells, 3): prediction on the scale, difference of both models, similarity.

        The similarity is that to the most similar training cell.
        """
        smooth, similarity = self.process.predict(of)
        stepped = self.trees.predict(of)
        combined = self.scale.combine(smooth, stepped)
        return np.column_stack([combined, abs(smooth - stepped), similarity])


@dataclass(frozen=True)
class ErrorModel:
    """Predicts the size of the loss model's error."""

    trees: Trees
    factor: float
    """Calibration factor: 1.645 standard deviations cover 90 % of held-out cells."""

    def std(self, evidence: Values) -> Values:
        """Return the standard deviation of the loss, given `LossModel.evidence`."""
        return self.factor * np.exp(self.trees.predict(np.round(evidence, DIGITS)))


@dataclass(frozen=True)
class Surrogate:
    """Predicts the results of any architecture of a space; created by `fit.fit`.

    Predictions are rounded to six decimals, which are the same on every machine, and cached by
    canonical key.
    """

    loss: LossModel
    error: ErrorModel
    divergence: Trees
    training_time: Time
    lowest_loss: float
    """Lowest known loss, the reference of regrets: not a bound of predictions."""
    space: str = CELLS
    simulation: str = DEFAULT_SIMULATION
    """Name of the simulation that gives the features of cells."""
    noise: RunNoise | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    _cache: RowCache = field(default_factory=RowCache, repr=False, compare=False)

    def predict(self, recipes: Sequence[Any], workers: int | None = None) -> Prediction:
        """Return the predictions. `workers` is the number of processes for a large batch."""
        rows = self._cache.rows(recipes, 4, partial(self._predict, workers=workers))
        return Prediction(*rows.T)

    def scores(self, recipes: Sequence[Any], workers: int | None = None) -> tuple[Values, Values]:
        """Return the features (cells, features), and predictions on the scale of the losses."""
        of = features(recipes, workers, self.space, self.simulation)
        return of, np.round(self.loss.evidence(of)[:, 0], DIGITS)

    def _predict(self, recipes: Mapping[str, Any], workers: int | None) -> Values:
        """Return (cells, 4): the columns of a prediction."""
        cells = list(recipes.values())
        batches = feature_batches(cells, workers, self.space, self.simulation)
        table = np.concatenate([self._predict_features(of) for of in batches])
        table = np.insert(table, 2, self.training_time.seconds_per_epoch(cells), axis=1)
        if self.loss.scale.is_strict:
            # Distinct cells differ even where the sixth decimal is the same.
            table[:, 0] += [0.98e-6 * (uniform(key) - 0.5) for key in recipes]
        return table

    def _predict_features(self, of: Values) -> Values:
        """Return (cells, 3): loss, its standard deviation, probability of divergence."""
        with single_thread():
            evidence = self.loss.evidence(of)
        loss, std = self.loss.scale.to_loss(evidence[:, 0]), self.error.std(evidence)
        columns = np.stack([loss, std, self.divergence.predict(of)], axis=1)
        return np.asarray(np.round(columns, DIGITS), dtype=np.float64)
