"""Gaussian process regression with one relevance per feature (ARD).

Matern-3/2 kernel, relevances and noise by maximal marginal likelihood (Rasmussen & Williams,
"Gaussian Processes for Machine Learning", 2006, sections 4.2 and 5.4), stopped early.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST_RELEVANCE = 0.06
FIRST_NOISE = 0.15
"""Variances, relative to that of the targets."""
UPDATES = 40
LEARNING_RATE = 0.05
MOST_DEVIATIONS = 3.0
"""Bound of standardised features, so that rare counts do not isolate a cell."""
JITTER = 1e-4
GRID = 2.0**-20
"""Scaled features are multiples of it, so that their products sum up exactly in any order."""

Array = NDArray[Any]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class GaussianProcess:
    """A fitted Gaussian process as arrays."""

    centre: Array
    scale: Array
    relevance: Array
    """Inverse length scale of each standardised feature; 0 if constant."""
    seen: Array
    """Training features (cells, features), standardised and scaled by the relevances."""
    dual: Array
    """One coefficient per training cell."""
    mean: float

    @classmethod
    def fit(cls, features: Values, targets: Values) -> GaussianProcess:
        """Fit to features (cells, features) and targets (cells,)."""
        varies = features.std(axis=0) > 1e-9
        centre = features.mean(axis=0)
        scale = np.where(varies, features.std(axis=0), 1)
        standard = _standard(features, centre, scale)
        mean, spread = float(targets.mean()), float(targets.std()) or 1.0
        wanted = (targets - mean) / spread
        logs = _maximise_likelihood(standard.astype(np.float32), wanted.astype(np.float32))
        relevance = np.exp(logs[:-2]) * varies
        seen = _on_grid(standard * relevance)
        covariance, _ = _covariance(seen, np.exp(logs[-2]), np.exp(logs[-1]))
        dual = np.linalg.solve(covariance, wanted) * np.exp(logs[-2]) * spread
        return cls(centre, scale, relevance, seen, dual, mean)

    def predict(self, features: Values) -> tuple[Values, Values]:
        """Return the posterior mean, and the similarity to the most similar training cell.

        The similarity is the kernel: 1 for a training cell, 0 far away from all.
        """
        scaled = _standard(features, self.centre, self.scale) * self.relevance
        if self.seen.dtype == np.float64:
            scaled = _on_grid(scaled)
        kernel = _matern(_distances(scaled.astype(self.seen.dtype), self.seen, self._squares))
        mean = self.mean + (kernel @ self.dual).astype(np.float64)
        return mean, kernel.max(axis=1).astype(np.float64)

    @cached_property
    def _squares(self) -> Array:
        return np.asarray((self.seen * self.seen).sum(1))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays, for a `.npz` file."""
        return {of.name: np.asarray(getattr(self, of.name)) for of in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> GaussianProcess:
        """Invert `to_arrays`."""
        return cls(**{**arrays, "mean": float(arrays["mean"])})


def _standard(features: Values, centre: Array, scale: Array) -> Array:
    deviations = (features - centre) / scale
    return deviations.clip(-MOST_DEVIATIONS, MOST_DEVIATIONS).astype(centre.dtype)


def _on_grid(values: Values) -> Values:
    return np.rint(values / GRID) * GRID


def _distances(a: Array, b: Array, squares_of_b: Array) -> Array:
    """Return pairwise distances times sqrt(3)."""
    squares = (a * a).sum(1)[:, None] + squares_of_b - 2 * (a @ b.T)
    return np.asarray(np.sqrt(3 * squares.clip(0)))


def _matern(distances: Array) -> Array:
    return (1 + distances) * np.exp(-distances)


def _covariance(scaled: Array, signal: float, noise: float) -> tuple[Array, Array]:
    """Return the covariance of the targets, and exp(-distance) for the gradient."""
    distances = _distances(scaled, scaled, (scaled * scaled).sum(1))
    decay = np.exp(-distances)
    covariance = scaled.dtype.type(signal) * (1 + distances) * decay
    covariance[np.diag_indices_from(covariance)] += scaled.dtype.type(noise + JITTER)
    return covariance, decay


def _maximise_likelihood(standard: Array, targets: Array) -> NDArray[np.float64]:
    """Return the logarithms of relevances, signal and noise variance, optimised by Adam."""
    count = standard.shape[1]
    logs = np.log([*[FIRST_RELEVANCE] * count, 1.0, FIRST_NOISE])
    first, second = np.zeros_like(logs), np.zeros_like(logs)
    for update in range(1, UPDATES + 1):
        gradient = _gradient(standard, targets, logs)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        mean, square = first / (1 - 0.9**update), second / (1 - 0.999**update)
        logs = logs - LEARNING_RATE * mean / (np.sqrt(square) + 1e-8)
    return logs


def _gradient(standard: Array, targets: Array, logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gradient of the negative log marginal likelihood."""
    scaled = standard * np.exp(logs[:-2]).astype(np.float32)
    signal, noise = np.exp(logs[-2:])
    covariance, decay = _covariance(scaled, signal, noise)
    inverse = np.linalg.inv(covariance)
    dual = inverse @ targets
    outer = (inverse - dual[:, None] * dual) / 2  # derivative by the covariance
    of_noise = noise * outer.trace()
    of_signal = (outer * covariance).sum() - (noise + JITTER) * outer.trace()
    # d k / d log w = -3 signal exp(-sqrt(3) r) w^2 (a - b)^2, summed over all pairs of cells
    pull = outer * decay
    squares = pull.sum(axis=1) @ scaled**2 - (scaled * (pull @ scaled)).sum(axis=0)
    return np.concatenate([-6 * signal * squares, [of_signal, of_noise]])
