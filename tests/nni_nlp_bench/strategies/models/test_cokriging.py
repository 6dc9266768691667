"""Co-kriging on the pair of functions that its literature uses (Forrester et al., 2007)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from nni_nlp_bench.strategies.models.cokriging import CoKriging
from nni_nlp_bench.strategies.models.gaussian_process import Array, GaussianProcess

GRID = np.linspace(0, 1, 501)[:, None]
HIGH = np.array([[0.0], [0.4], [0.6], [1.0]])
NESTED = np.linspace(0, 1, 11).round(1)[:, None]
APART = np.linspace(0.03, 0.97, 11)[:, None]


def high(x: Array) -> Array:
    return np.asarray((6 * x[:, 0] - 2) ** 2 * np.sin(12 * x[:, 0] - 4))


def low(x: Array) -> Array:
    return np.asarray(0.5 * high(x) + 10 * (x[:, 0] - 0.5) - 5)


def fitted(low_x: Array = NESTED) -> CoKriging:
    model = CoKriging()
    model.fit(low_x, low(low_x), HIGH, high(HIGH))
    return model


def error(mean: Array) -> float:
    return float(np.sqrt(np.mean((mean - high(GRID)) ** 2)))


def error_of_high_alone(x: Array, y: Array) -> float:
    centre, spread = x.mean(), x.std()
    alone = GaussianProcess((x - centre) / spread, y, restarts=2)
    return error(alone.predict((GRID - centre) / spread)[0])


@pytest.mark.parametrize("low_x", [NESTED, APART], ids=["nested", "apart"])
def test_low_points_tell_what_four_high_points_cannot(low_x: Array) -> None:
    model = fitted(low_x)
    mean, _ = model.predict(GRID)
    assert model.rho == pytest.approx(2, abs=0.15)
    assert error(mean) < 0.05 * error_of_high_alone(HIGH, high(HIGH))
    assert GRID[np.argmin(mean), 0] == pytest.approx(0.757, abs=0.005)


def test_it_goes_through_what_was_measured() -> None:
    mean, std = fitted().predict(HIGH)
    assert mean == pytest.approx(high(HIGH), abs=0.01)
    assert std.max() < 0.05


def test_its_deviation_covers_its_error() -> None:
    mean, std = fitted().predict(GRID)
    within = np.abs(mean - high(GRID)) <= 2 * std
    assert within.mean() > 0.8
    assert std.max() < 1  # against a deviation of 4.5 of the function


def test_the_variance_says_which_fidelity_would_remove_it() -> None:
    """Where the low value is known, only the high fidelity has something to tell."""
    posterior = fitted().posterior(np.array([[0.1], [0.15]]))
    assert posterior.low_variance[0] == 0
    assert posterior.low_variance[1] > 0
    total = posterior.low_variance + posterior.delta_variance
    assert posterior.std == pytest.approx(np.sqrt(total))


@pytest.mark.parametrize("seed", range(3))
def test_a_useless_low_fidelity_does_little_harm(seed: int) -> None:
    high_x = np.linspace(0, 1, 12)[:, None]
    low_x = np.concatenate([NESTED, high_x[1:-1]])
    model = CoKriging()
    noise = np.random.default_rng(seed).normal(size=len(low_x))
    model.fit(low_x, noise, high_x, high(high_x))
    alone = error_of_high_alone(high_x, high(high_x))
    assert abs(model.rho) < 0.5  # a deviation of high is 5 of low
    assert error(model.predict(GRID)[0]) < alone + 0.05 * high(GRID).std()


def test_new_measurements_enter_without_learning_anew() -> None:
    model = fitted()
    rho, more = model.rho, np.concatenate([HIGH, [[0.8]]])
    model.fit(NESTED, low(NESTED), more, high(more), learn=False)
    assert model.rho == rho
    assert model.predict(np.array([[0.8]]))[0] == pytest.approx(high(more)[-1:], abs=0.1)


def test_it_is_silent_and_the_same_every_time() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, again = fitted().predict(GRID), fitted().predict(GRID)
    assert np.array_equal(first, again)


def test_values_that_are_all_alike_are_predicted() -> None:
    model = CoKriging()
    model.fit(NESTED, np.zeros(11), HIGH, np.full(4, 3.0))
    mean, std = model.predict(GRID)
    assert mean == pytest.approx(3)
    assert np.isfinite(std).all()
