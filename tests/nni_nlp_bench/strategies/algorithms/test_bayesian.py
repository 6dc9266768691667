"""Components of Bayesian optimisation: ensembles, acquisition, features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.models.acquisition import expected_improvement
from nni_nlp_bench.strategies.models.ensembles import Bag, predictions
from nni_nlp_bench.strategies.models.features import FeatureEncoder
from nni_nlp_bench.strategies.registry import make_strategy
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import synthetic_table
from search_spaces.registry import get_space

SPACE = get_space("rnn_cell")


@pytest.mark.parametrize("bag", ["boosted", "forest", "mlp"])
def test_a_bag_learns_and_is_less_sure_far_from_the_data(
    bag: Bag, rng: np.random.Generator
) -> None:
    x = rng.uniform(0, 1, (80, 3))
    y = 10.0 * (x[:, 0] > 0.5) + rng.normal(0, 0.1, 80)
    candidates = np.array([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5], [0.5, 0.5, 0.5]])
    told = predictions(bag, 12, x, y, candidates, np.random.default_rng(0))
    assert told.shape == (12, 3)
    low, high, _ = told.mean(axis=0)
    assert low < 2 and high > 8
    assert told.std(axis=0)[2] > told.std(axis=0)[:2].max()
    again = predictions(bag, 12, x, y, candidates, np.random.default_rng(0))
    assert np.array_equal(told, again)


def test_expected_improvement_without_a_deviation_is_what_is_certain() -> None:
    improvement = expected_improvement(np.array([1.0, 3.0]), np.zeros(2), 2.0)
    assert improvement == pytest.approx([0.0, 1.0])


def test_components_keep_distances_in_fewer_numbers(rng: np.random.Generator) -> None:
    space = search_space(synthetic_table(60), restrict=True)
    cells = [space.sample(rng) for _ in range(40)]
    whole = np.stack([FeatureEncoder(space, None, rng).transform(cell) for cell in cells])
    assert np.array_equal(whole[0], space.encode(cells[0], "counts"))

    def distances(components: int) -> Any:
        features = FeatureEncoder(space, components, np.random.default_rng(0))
        points = np.stack([features.transform(cell) for cell in cells])
        assert points.shape == (40, components)
        return np.linalg.norm(points[:, None] - points, axis=2)

    all_of_it, fifty, ten = (distances(n) for n in (whole.shape[1], 50, 10))
    assert np.allclose(fifty, all_of_it, rtol=0.1)
    assert (ten <= all_of_it + 1e-9).all()
    assert ten.sum() > 0.6 * all_of_it.sum()


def test_all_components_have_the_distances_of_standardised_features() -> None:
    """The first component varies the most, and around zero."""
    space = search_space(synthetic_table(60), restrict=True)
    rng = np.random.default_rng(0)
    counts = np.stack([space.encode(space.sample(rng), "counts") for _ in range(200)])
    deviation = counts.std(axis=0)
    scaled = counts / np.where(deviation > 0, deviation, 1.0)
    features = FeatureEncoder(
        space, counts.shape[1], np.random.default_rng(0)
    )  # of the same samples
    rng = np.random.default_rng(0)
    points = np.stack([features.transform(space.sample(rng)) for _ in range(200)])
    assert np.allclose(points.mean(axis=0), 0, atol=1e-9)
    assert (np.diff(points.std(axis=0)) < 1e-9).all()
    wanted = np.linalg.norm(scaled[:20, None] - scaled[:20], axis=2)
    assert np.allclose(np.linalg.norm(points[:20, None] - points[:20], axis=2), wanted)


@pytest.mark.parametrize(
    ("strategy", "options", "message"),
    [
        ("bayesian", {"components": 999}, "999 components of 98 features"),
        ("bayesian", {"model": "magic"}, "unknown model 'magic'; known: boosted, forest"),
        ("random", {"share": 0.0}, "share 0.0"),
        ("random", {"share": 1.5}, "share 1.5"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    strategy: str, options: dict[str, Any], message: str
) -> None:
    space = search_space(synthetic_table(5), restrict=True)
    with pytest.raises(UserError, match=message):
        make_strategy(strategy, space, 0, 50, **options)


def test_random_search_stops_each_training_at_its_share() -> None:
    for share, epochs in ((0.2, 10), (1 / 9, 6), (0.001, 1), (1.0, None)):
        proposal = make_strategy("random", SPACE, 0, 50, share=share).ask()
        assert proposal is not None
        assert proposal.epochs == epochs
