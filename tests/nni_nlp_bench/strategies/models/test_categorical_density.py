"""Densities of categorical vectors, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nni_nlp_bench.strategies.models.categorical_density import CategoricalDensity, one_hot

LEVELS = np.array([2, 3, 1])
POINTS = np.array([[0, 2, 0], [1, 2, 0]])


def test_one_hot_by_hand() -> None:
    assert one_hot(POINTS, LEVELS).tolist() == [[1, 0, 0, 0, 1, 1], [0, 1, 0, 0, 1, 1]]


def test_bandwidths_by_hand() -> None:
    """Impurities of .5 and 0; the latter's bandwidth is the lowest."""
    density = CategoricalDensity(POINTS, LEVELS, min_bandwidth=0.01)
    assert density.bandwidth == pytest.approx([0.5 * 2**-0.2, 0.01, 0.0])


def test_densities_by_hand() -> None:
    density = CategoricalDensity(POINTS, LEVELS, min_bandwidth=0.01)
    codes = np.array([[0, 2, 0], [1, 0, 0]])
    # of the first choice, the mean of 1 - h and h is .5 whatever h is
    expected = [0.5 * 0.99, 0.5 * 0.01 / 2]
    assert np.exp(density.log_density(codes)) == pytest.approx(expected)


def test_a_density_sums_to_one() -> None:
    points = np.random.default_rng(0).integers(0, LEVELS, (7, 3))
    density = CategoricalDensity(points, LEVELS)
    everything = np.array([[i, j, 0] for i in range(2) for j in range(3)])
    assert np.exp(density.log_density(everything)).sum() == pytest.approx(1.0)


def test_samples_are_near_the_points(rng: np.random.Generator) -> None:
    """A choice on which all points agree is replaced at the lowest rate, others more often."""
    points = np.array([[0, 0]] * 5 + [[0, 1]] * 5)
    density = CategoricalDensity(points, np.array([2, 2]), min_bandwidth=0.01)
    samples = np.array([density.sample(rng) for _ in range(2000)])
    assert samples[:, 0].mean() < 0.02
    assert samples[:, 1].mean() == pytest.approx(0.5, abs=0.05)
