"""Candidates of model-based strategies."""

from __future__ import annotations

import numpy as np

from nni_nlp_bench.strategies.models.candidates import MOST_DEVIATIONS, CandidatePool
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import synthetic_table
from search_spaces.registry import get_space
from search_spaces.wrapper import WrapperSpace


def test_candidates_of_a_table_are_the_neighbours_of_the_best_and_random_ones(
    rng: np.random.Generator,
) -> None:
    space = search_space(synthetic_table(60), restrict=True)
    pool = CandidatePool(space, rng, samples=30)
    best = space.sample(rng)
    excluded = {best.canonical_key}
    drawn = pool.draw([best], excluded)
    keys = [architecture.canonical_key for architecture in drawn]
    assert len(set(keys)) == len(keys) >= 30 - 1
    assert not set(keys) & excluded
    assert {a.canonical_key for a in space.neighbours(best)} <= set(keys)
    assert set(keys) <= {a.canonical_key for a in space.table or ()}
    assert not pool.draw([best], {a.canonical_key for a in space.table or ()})


def test_features_of_a_table_are_standardised_over_it(rng: np.random.Generator) -> None:
    space = search_space(synthetic_table(60), restrict=True)
    table = list(space.table or ())
    features = CandidatePool(space, rng, samples=30).features(table)
    raw = space.features(table)
    varies = raw.std(axis=0) > 0
    expected = (raw - raw.mean(axis=0)) / np.where(varies, raw.std(axis=0), 1)
    assert np.allclose(features, expected.clip(-MOST_DEVIATIONS, MOST_DEVIATIONS))


class _CountingSpace(WrapperSpace):
    """Counts the architectures whose features were computed."""

    computed = 0
    calls = 0

    def features(self, architectures):  # type: ignore[no-untyped-def]
        self.computed += len(architectures)
        self.calls += 1
        return super().features(architectures)


def test_features_in_a_whole_space_are_computed_once_and_in_batches(
    rng: np.random.Generator,
) -> None:
    space = _CountingSpace(get_space("encoder"))
    pool = CandidatePool(space, rng, samples=100)
    best = [space.sample(rng) for _ in range(5)]
    candidates = {a.canonical_key: a for a in pool.draw(best, set())}
    assert len(candidates) <= 100
    pool.features(list(candidates.values()))
    assert space.calls == 2
    assert space.computed <= 100 + 2 + 2 * 5
    pool.features(list(candidates.values()))
    assert space.calls == 2
