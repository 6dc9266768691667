"""Densities of conditional choices, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nni_nlp_bench.strategies.models.choice_samples import INACTIVE, ChoiceEncoder
from nni_nlp_bench.strategies.models.parzen import estimate, log_density, redraw, uniform
from search_spaces.registry import get_space

SIZES = np.array([2, 3])
ROWS = np.array([[0, 2], [0, 2], [1, INACTIVE]])


def test_a_choice_is_estimated_from_the_samples_that_need_it() -> None:
    probabilities = estimate(ROWS, uniform(SIZES), weight=3)
    np.testing.assert_allclose(probabilities[0], [3.5 / 6, 2.5 / 6, 0])
    np.testing.assert_allclose(probabilities[1], [1 / 5, 1 / 5, 3 / 5])


def test_inactive_choices_are_no_part_of_a_density() -> None:
    probabilities = estimate(ROWS, uniform(SIZES), weight=3)
    expected = [np.log(3.5 / 6) + np.log(3 / 5), np.log(2.5 / 6)]
    np.testing.assert_allclose(log_density(ROWS[1:], probabilities), expected)


def test_redrawn_choices_follow_the_prior(rng: np.random.Generator) -> None:
    prior = np.array([[0.0, 1.0, 0.0], [0.2, 0.0, 0.8]])
    drawn = np.stack([redraw(ROWS[0], prior, 1.0, rng) for _ in range(400)])
    assert set(drawn[:, 1].tolist()) == {0, 2}
    assert (drawn[:, 0] == 1).mean() == pytest.approx(0.5, abs=0.1)
    assert (redraw(ROWS[2], prior, 0.0, rng) >= 0).all()


@pytest.mark.parametrize("name", ["rnn_cell", "encoder", "lts", "enas_cell", "emd_cell"])
def test_active_choices_say_all_of_an_architecture(name: str, rng: np.random.Generator) -> None:
    space = get_space(name)
    encoder = ChoiceEncoder(space.choices())
    for architecture, row in encoder.sample(space, rng, 20):
        assert encoder.decode(row).canonical_key == architecture.canonical_key
