"""Pareto dominance, hypervolume and its expected improvement, against brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.core.pareto import (
    best_position,
    crowding_distances,
    hypervolume,
    nondominated,
    pareto_ranks,
)
from nni_nlp_bench.strategies.models.hypervolume_improvement import (
    expected_hypervolume_improvement,
)

SIDE = 5


def grids(dimensions: int) -> st.SearchStrategy[list[list[int]]]:
    """Lists of points with whole coordinates, some beyond the reference point."""
    return st.lists(
        st.lists(st.integers(0, SIDE + 1), min_size=dimensions, max_size=dimensions), max_size=8
    )


def cells(points: list[list[int]], dimensions: int) -> int:
    """Number of unit cells below the reference that a point dominates."""
    corners = product(range(SIDE), repeat=dimensions)
    return sum(any((np.array(p) <= c).all() for p in points) for c in map(np.array, corners))


@given(st.sampled_from([2, 3]).flatmap(lambda d: st.tuples(st.just(d), grids(d))))
def test_hypervolume_counts_dominated_cells(case: tuple[int, list[list[int]]]) -> None:
    dimensions, points = case
    assert hypervolume(points, [SIDE] * dimensions) == cells(points, dimensions)


@given(grids(3).filter(bool))
def test_fronts_are_peeled(points: list[list[int]]) -> None:
    array = np.array(points, dtype=np.float64)

    def dominated_by(one: int, others: list[int]) -> bool:
        return any(
            (array[other] <= array[one]).all() and (array[other] < array[one]).any()
            for other in others
        )

    ranks, left = pareto_ranks(array), list(range(len(array)))
    for rank in range(max(ranks) + 1):
        front = [i for i in left if not dominated_by(i, left)]
        assert front == [i for i in left if ranks[i] == rank]
        left = [i for i in left if i not in front]
    assert nondominated(array).tolist() == [rank == 0 for rank in ranks]


def test_crowding_prefers_the_ends_of_a_front() -> None:
    front = [[0.0, 4.0], [1.0, 3.0], [1.5, 2.5], [4.0, 0.0]]
    assert crowding_distances(front).tolist() == [np.inf, 0.75, 1.5, np.inf]
    assert best_position([[5.0, 5.0], *front]) == 1


@given(
    st.sampled_from([2, 3]).flatmap(
        lambda d: st.tuples(st.just(d), grids(d).filter(bool), grids(d))
    )
)
def test_improvement_of_known_values_is_the_gain_of_volume(
    case: tuple[int, list[list[int]], list[list[int]]],
) -> None:
    dimensions, points, candidates = case
    if not candidates:
        return
    reference = np.full(dimensions, float(SIDE))
    mean, front = np.array(candidates, float), np.array(points, float)
    found = expected_hypervolume_improvement(mean, np.zeros_like(mean), front, reference)
    before = hypervolume(front, reference)
    gains = [hypervolume([*front, candidate], reference) - before for candidate in mean]
    np.testing.assert_allclose(found, gains, atol=1e-6)


@pytest.mark.parametrize("known", [(), (0,), (1, 2)])
def test_expected_improvement_is_that_of_samples(known: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    front, reference = rng.random((6, 3)), np.full(3, 1.1)
    mean, std = rng.random((4, 3)) * 0.8, 0.1 + 0.2 * rng.random((4, 3))
    std[:, list(known)] = 0.0
    found = expected_hypervolume_improvement(mean, std, front, reference)
    before = hypervolume(front, reference)
    drawn = mean + std * rng.standard_normal((1000, 4, 3))
    gains = [
        [hypervolume([*front, drawn[i, c]], reference) - before for i in range(len(drawn))]
        for c in range(4)
    ]
    error = np.std(gains, axis=1) / np.sqrt(len(drawn))
    assert (np.abs(found - np.mean(gains, axis=1)) <= 4 * error + 1e-9).all()
