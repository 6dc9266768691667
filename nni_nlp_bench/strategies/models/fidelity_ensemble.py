"""Ensemble of models of trainings of different lengths (Li et al., 2021, arXiv 2012.03011)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.strategies.models.rank_gaussian_process import (
    Hyperparameters,
    RankGaussianProcess,
)

Array = NDArray[np.float64]

_FOLDS = 5
_LEAST_STD = 1e-6
_REFIT_GROWTH = 1.2
"""Growth of the number of trainings after which hyperparameters are fitted anew."""


class FidelityEnsemble:
    """Gaussian processes of trainings of several lengths, weighted by their accuracy.

    The weight of a process is a power of the fraction of pairs of full trainings that it orders
    correctly; that of full trainings is judged by cross-validation, and has no weight below ten of
    them.

    Args:
        full: Length of a full training.
        power: Exponent of the weights, the paper's theta.
    """

    def __init__(self, full: int, power: float) -> None:
        self._full = full
        self._power = power
        self._processes: dict[int, RankGaussianProcess] = {}
        self._fitted_at: dict[int, int] = {}
        """Number of trainings at the last fit of hyperparameters, by length."""
        self.weights: dict[int, float] = {}
        """By length."""

    def fit(self, length: int, x: Array, targets: Array) -> None:
        """Replace the process of one length.

        Args:
            length: Length of the trainings.
            x: Standardised features (trainings, features).
            targets: Normal scores (trainings,), higher is better.
        """
        known: Hyperparameters | None = None
        if len(targets) < _REFIT_GROWTH * self._fitted_at.get(length, 0):
            known = self._processes[length].hyperparameters
        else:
            self._fitted_at[length] = len(targets)
        self._processes[length] = RankGaussianProcess(x, targets, known)

    def weigh(self, x: Array, targets: Array) -> None:
        """Set the weights from features and normal scores of three or more full trainings."""
        powers = np.power([self._accuracy(n, x, targets) for n in self._processes], self._power)
        self._set_weights(powers)

    def weigh_equally(self) -> None:
        """Give the same weight to the processes of all but full trainings."""
        self._set_weights(np.array([float(length != self._full) for length in self._processes]))

    def _set_weights(self, weights: Array) -> None:
        if not weights.any():
            weights = np.ones(len(weights))
        self.weights = dict(zip(self._processes, weights / weights.sum(), strict=True))

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation (points,) of the weighted processes' product."""
        predictions = [process.predict(x) for process in self._processes.values()]
        return product_of_experts(predictions, [self.weights[n] for n in self._processes])

    def _accuracy(self, length: int, x: Array, targets: Array) -> float:
        if length == self._full:
            enough = len(targets) >= 2 * _FOLDS
            return order_accuracy(self._left_out(x, targets), targets) if enough else 0.0
        return order_accuracy(self._processes[length].predict(x)[0], targets)

    def _left_out(self, x: Array, targets: Array) -> Array:
        """Return the mean of each full training by a process of the other folds."""
        fold, means = np.arange(len(targets)) % _FOLDS, np.empty(len(targets))
        hyperparameters = self._processes[self._full].hyperparameters
        for k in range(_FOLDS):
            others = RankGaussianProcess(x[fold != k], targets[fold != k], hyperparameters)
            means[fold == k] = others.predict(x[fold == k])[0]
        return means


def order_accuracy(predicted: Array, scores: Array) -> float:
    """Return the fraction of pairs with different scores whose order is predicted."""
    first, second = np.triu_indices(len(scores), k=1)
    signs = np.sign(scores[first] - scores[second])
    agree = np.sign(predicted[first] - predicted[second]) == signs
    return float(agree[signs != 0].mean()) if signs.any() else 0.0


def product_of_experts(
    predictions: Sequence[tuple[Array, Array]], weights: Sequence[float]
) -> tuple[Array, Array]:
    """Return mean and standard deviation of the generalised product of normal distributions.

    Args:
        predictions: Means and standard deviations of each model.
        weights: Weight of each model, of which the sum is one.
    """
    means, stds = (np.stack(values) for values in zip(*predictions, strict=True))
    precisions = np.array(weights)[:, None] / np.square(np.maximum(stds, _LEAST_STD))
    precision = precisions.sum(axis=0)
    return (precisions * means).sum(axis=0) / precision, np.sqrt(1 / precision)
