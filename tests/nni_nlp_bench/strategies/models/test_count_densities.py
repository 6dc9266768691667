"""Densities over the columns of encodings, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nni_nlp_bench.strategies.models.count_densities import CountDensities

ENCODINGS = np.array([[0.0, 5.0], [0.0, 5.0], [1.0, 5.0], [1.0, 5.0]])
"""The first column has a standard deviation of 0.5, the second is constant."""
NEAR = 1 / (1 + math.exp(-0.5))
"""Probability that an observation of 0 adds to 0, where 1 is one width away."""


@pytest.fixture
def densities() -> CountDensities:
    return CountDensities(ENCODINGS, bandwidth=2.0)


def test_an_observation_spreads_over_the_values_of_its_columns(densities: CountDensities) -> None:
    np.testing.assert_allclose(densities.spread(ENCODINGS[0]), [NEAR, 1 - NEAR, 1])
    np.testing.assert_allclose(densities.spread(ENCODINGS[2]), [1 - NEAR, NEAR, 1])


def test_values_beyond_the_table_count_as_the_nearest(densities: CountDensities) -> None:
    far = np.array([1e6, -3.0])
    np.testing.assert_allclose(densities.spread(far), densities.spread(ENCODINGS[2]))


def test_the_ratio_of_an_architecture_is_that_of_its_values(densities: CountDensities) -> None:
    good, other = (densities.spread(each)[None] for each in (ENCODINGS[0], ENCODINGS[2]))
    ratio = densities.log_ratio(good, other, prior_weight=1.0)
    expected = math.log((NEAR + 0.5) / (1 - NEAR + 0.5))
    np.testing.assert_allclose(ratio, [expected, expected, -expected, -expected])


def test_without_other_observations_their_density_is_the_prior(densities: CountDensities) -> None:
    good, none = densities.spread(ENCODINGS[0])[None], np.empty((0, 3))
    ratio = densities.log_ratio(good, none, prior_weight=3.0)
    np.testing.assert_allclose(ratio[0], math.log((NEAR + 1.5) / 4 / 0.5))


def test_a_narrow_bandwidth_leaves_an_observation_at_its_value() -> None:
    densities = CountDensities(np.array([[0.0], [4.0], [9.0]]), bandwidth=0.01)
    np.testing.assert_allclose(densities.spread(np.array([4.0])), [0, 1, 0], atol=1e-12)
