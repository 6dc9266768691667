"""The Gaussian process on ranks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import norm

from nni_nlp_bench.strategies.models.rank_gaussian_process import (
    PRIOR_DEVIATIONS,
    PRIOR_MEANS,
    Hyperparameters,
    RankGaussianProcess,
    _negative_log_posterior,
    normal_scores,
    scaled_distances,
)


def test_ranks_become_normal_quantiles() -> None:
    scores = normal_scores([-4.0, -7.0, -5.0, -6.0])
    assert scores == pytest.approx(norm.ppf([7 / 8, 1 / 8, 5 / 8, 3 / 8]))


def test_failures_count_as_the_worst_score_and_ties_share_their_ranks() -> None:
    scores = normal_scores([-4.0, None, -5.0, None])
    assert scores == pytest.approx(norm.ppf([7 / 8, 3 / 8, 3 / 8, 3 / 8]))


def test_posterior_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern

    x, new, y = rng.normal(size=(30, 8)), rng.normal(size=(12, 8)), rng.normal(size=30)
    process = RankGaussianProcess(x, y, Hyperparameters(length=0.7, signal=1.7, noise=0.3))
    kernel = ConstantKernel(1.7) * Matern(0.7 * np.sqrt(2 * 8), nu=1.5)
    peer = GaussianProcessRegressor(kernel, alpha=0.3, optimizer=None).fit(x, y)
    for found, expected in zip(process.predict(new), peer.predict(new, True), strict=True):
        assert found == pytest.approx(expected, abs=1e-5)


def test_gradient_is_that_of_differences(rng: np.random.Generator) -> None:
    x = rng.normal(size=(25, 5))
    distances, y = scaled_distances(x, x), normal_scores(x[:, 0].tolist())
    for logs in ([0.4, 0.0, -1.6], [-0.5, 1.0, -0.3]):
        _, gradient = _negative_log_posterior(np.array(logs), distances, y)
        numeric = approx_fprime(
            np.array(logs), lambda at: _negative_log_posterior(at, distances, y)[0], 1e-6
        )
        assert gradient == pytest.approx(numeric, abs=1e-3)


def test_fitted_hyperparameters_are_a_maximum(rng: np.random.Generator) -> None:
    x = rng.normal(size=(60, 6))
    y = normal_scores((x[:, 0] + np.sin(x[:, 1]) + rng.normal(0, 0.2, 60)).tolist())
    found = RankGaussianProcess(x, y).hyperparameters
    logs = np.log([found.length, found.signal, found.noise])
    distances = scaled_distances(x, x)
    best, _ = _negative_log_posterior(logs, distances, y)
    steps = [sign * 0.1 * unit for unit in np.eye(3) for sign in (-1, 1)]
    assert all(_negative_log_posterior(logs + step, distances, y)[0] > best for step in steps)
    assert (abs(logs - PRIOR_MEANS) < 3 * PRIOR_DEVIATIONS).all()


def test_predictions_rank_unseen_points(rng: np.random.Generator) -> None:
    x = rng.normal(size=(120, 10))
    target = x[:, 0] + 0.5 * x[:, 1] ** 2
    process = RankGaussianProcess(x[:80], normal_scores(target[:80].tolist()))
    mean, std = process.predict(x[80:])
    assert np.corrcoef(mean, target[80:])[0, 1] > 0.6
    at_data, _ = process.predict(x[:80])
    assert np.corrcoef(at_data, target[:80])[0, 1] > 0.9
    assert (std > process.predict(x[:80])[1].mean()).mean() > 0.9
