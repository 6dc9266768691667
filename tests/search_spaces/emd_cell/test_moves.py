"""Sampling and edits: what they keep, and how often they come."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.emd_cell import EmdCell, moves
from search_spaces.emd_cell.architecture import OPS
from search_spaces.emd_cell.canonical import orders
from search_spaces.emd_cell.published import published_cell
from search_spaces.emd_cell.space import EmdCellSpace

SEEDS = st.integers(0, 2**32 - 1)
EXAMPLE = published_cell("example")


def test_every_choice_is_drawn_evenly() -> None:
    rng = np.random.default_rng(0)
    cells = [moves.sample(rng) for _ in range(3_000)]
    ops = Counter(op for cell in cells for node in cell.nodes for op, _ in node)
    assert all(abs(ops[op] / 18_000 - 1 / 9) < 0.01 for op in OPS)
    pairs = Counter(tuple(edge.source for edge in cell.nodes[2]) for cell in cells)
    assert len(pairs) == 6
    assert all(abs(count / 3_000 - 1 / 6) < 0.03 for count in pairs.values())


def test_neighbours_of_the_example_are_counted_by_hand() -> None:
    """8 other ops of 6 edges; 1 other source for both edges of node 1, 2 for those of node 2."""
    assert len(moves.neighbours(EXAMPLE)) == 6 * 8 + 2 * 1 + 2 * 2


@pytest.mark.slow
@given(SEEDS)
@settings(max_examples=20)
def test_neighbours_are_mutual_and_the_same_for_equal_cells(seed: int) -> None:
    cell = moves.sample(np.random.default_rng(seed))
    around = set(moves.neighbours(cell))
    assert cell not in around
    for nodes in orders(cell.nodes):
        assert set(moves.neighbours(EmdCell.of(nodes))) == around
    for other in [*around][:5]:
        assert cell in moves.neighbours(other)


@pytest.mark.slow
def test_all_neighbours_are_drawn_equally_often() -> None:
    around = moves.neighbours(EXAMPLE)
    rng = np.random.default_rng(0)
    drawn = Counter(EmdCellSpace().mutate(EXAMPLE, rng) for _ in range(600))
    assert set(drawn) == set(around)
    expected = 600 / len(around)
    assert all(abs(count - expected) < 5 * expected**0.5 for count in drawn.values())


def test_an_edit_that_changes_nothing_is_no_neighbour() -> None:
    """Which of two equal nodes the last one reads means nothing."""
    twin = [("stdconv_3", 0), ("dilconv_3", 1)]
    cell = EmdCell.of([twin, twin, [("skip_connect", 0), ("skip_connect", 2)]])
    same = EmdCell.of([twin, twin, [("skip_connect", 0), ("skip_connect", 3)]])
    assert same == cell
    assert cell not in moves.neighbours(cell)
