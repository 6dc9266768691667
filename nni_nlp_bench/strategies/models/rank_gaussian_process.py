"""Gaussian process regression on the ranks of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.environment import single_thread

Array = NDArray[np.float64]

PRIOR_MEANS = np.array([0.4, 0.0, np.log(0.2)])
PRIOR_DEVIATIONS = np.array([0.3, 1.0, 1.0])
"""Normal priors of the logarithms of length scale, signal variance and noise variance."""
MOST_STEPS = 25
JITTER = 1e-6


def normal_scores(scores: Sequence[float | None]) -> Array:
    """Return the normal quantiles of the ranks of scores: higher is better.

    Equal scores share the mean of their ranks. None, a failed training, counts as the worst score.

    >>> normal_scores([-4.9, None, -4.6]).round(2)
    array([-0.32, -0.32,  0.97])
    """
    from scipy.stats import norm, rankdata

    finished = [score for score in scores if score is not None]
    worst = min(finished, default=0.0)
    ranks = rankdata([worst if score is None else score for score in scores])
    return np.asarray(norm.ppf((ranks - 0.5) / len(ranks)))


@dataclass(frozen=True)
class Hyperparameters:
    """Length scale in units of the root mean square distance, and variances."""

    length: float = float(np.exp(PRIOR_MEANS[0]))
    signal: float = 1.0
    noise: float = 0.2


class RankGaussianProcess:
    """Zero mean, Matern-3/2 kernel and white noise.

    Args:
        x: Standardised features (points, features).
        y: Targets (points,) of about zero mean and unit variance, such as `normal_scores`.
        hyperparameters: Those of an earlier fit; None to maximise their posterior density.
    """

    def __init__(self, x: Array, y: Array, hyperparameters: Hyperparameters | None = None) -> None:
        from scipy.linalg import cho_factor, cho_solve

        self._x = x
        with single_thread():
            distances = scaled_distances(x, x)
            if hyperparameters is None:
                hyperparameters = most_likely(distances, y)
            self.hyperparameters = hyperparameters
            covariance = self._kernel(distances)
            covariance[np.diag_indices_from(covariance)] += hyperparameters.noise + JITTER
            self._factor: Any = cho_factor(covariance, lower=True)
            self._dual = cho_solve(self._factor, y)

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation (points,) of the function, without noise."""
        from scipy.linalg import solve_triangular

        with single_thread():
            kernel = self._kernel(scaled_distances(x, self._x))
            whitened = solve_triangular(self._factor[0], kernel.T, lower=True)
            variance = self.hyperparameters.signal - np.square(whitened).sum(axis=0)
            return kernel @ self._dual, np.sqrt(np.maximum(variance, 0.0))

    def _kernel(self, distances: Array) -> Array:
        scaled = distances / self.hyperparameters.length
        return np.asarray(self.hyperparameters.signal * (1 + scaled) * np.exp(-scaled))


def scaled_distances(a: Array, b: Array) -> Array:
    """Return sqrt(3) times the distances (rows of a, rows of b).

    They are divided by the root of twice the number of features, the distance of independent
    points.
    """
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.sqrt(3 * np.maximum(squares, 0.0) / (2 * a.shape[1])))


def most_likely(distances: Array, y: Array) -> Hyperparameters:
    """Return the hyperparameters of the highest posterior density, found by L-BFGS."""
    from scipy.optimize import minimize

    found = minimize(
        _negative_log_posterior,
        PRIOR_MEANS,
        (distances, y),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MOST_STEPS},
    )
    return Hyperparameters(*(float(value) for value in np.exp(found.x)))


def _negative_log_posterior(logs: Array, distances: Array, y: Array) -> tuple[float, Array]:
    """Return the negative log posterior of the logarithms of hyperparameters, and its gradient."""
    from scipy.linalg import lapack

    length, signal, noise = np.exp(logs)
    scaled = distances / length
    decay = signal * np.exp(-scaled)
    correlated = (1 + scaled) * decay
    covariance = correlated.copy()
    covariance[np.diag_indices_from(covariance)] += noise + JITTER
    factor, _ = lapack.dpotrf(covariance, lower=True)
    lower, _ = lapack.dpotri(factor, lower=True)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    dual = inverse @ y
    # Half the derivative of -2 log likelihood by the covariance.
    outer = (inverse - np.outer(dual, dual)) / 2
    deviations = (logs - PRIOR_MEANS) / PRIOR_DEVIATIONS
    value = y @ dual / 2 + np.log(np.diag(factor)).sum() + deviations @ deviations / 2
    gradient = np.array(
        [(outer * scaled**2 * decay).sum(), (outer * correlated).sum(), noise * outer.trace()]
    )
    return float(value), gradient + deviations / PRIOR_DEVIATIONS
