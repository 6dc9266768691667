"""Sampling and edits: what they keep, and how often they come."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.textnas import Arc, ArcError, Layer, moves
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.choices import ArcChoices
from search_spaces.textnas.encoding import count_skips
from search_spaces.textnas.published import published_arc
from search_spaces.textnas.space import TextNasSpace

OTHER_OPS = ("conv3", "gru", "attention")


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 6))
def test_every_move_stays_in_the_space(seed: int, layers: int, window: int) -> None:
    rng = np.random.default_rng(seed)
    space = TextNasSpace(layers, window, OTHER_OPS)
    arc = space.sample(rng)
    for _ in range(5):
        other = space.mutate(arc, rng)
        assert other != arc
        space.choices().to_sample(other)
        arc = other
    for other in space.neighbours(arc):
        space.choices().to_sample(other)


def test_every_choice_is_drawn_evenly() -> None:
    rng = np.random.default_rng(0)
    arcs = [TextNasSpace(layers=8).sample(rng) for _ in range(2_000)]
    ops = Counter(layer.op for arc in arcs for layer in arc.layers)
    assert all(abs(ops[op] / 16_000 - 1 / 8) < 0.01 for op in OPS)
    distances = Counter(arc.layers[7].distance for arc in arcs)
    assert all(abs(distances[d] / 2_000 - 1 / 5) < 0.04 for d in range(5))
    assert abs(np.mean([count_skips(arc) for arc in arcs]) / 28 - 0.5) < 0.01


@pytest.mark.parametrize(("rate", "skips"), [(0.0, 0), (1.0, 276)])
def test_skips_are_drawn_at_their_rate(rate: float, skips: int) -> None:
    arc = moves.sample(np.random.default_rng(0), 24, 5, OPS, skip_rate=rate)
    assert count_skips(arc) == skips


def test_neighbours_of_the_published_architecture_are_counted_by_hand() -> None:
    """7 other ops a layer; 1, 2, 3 and twenty times 4 other inputs, none for the first two; a flip
    of every skip."""
    around = TextNasSpace().neighbours(published_arc("published"))
    assert len(around) == 24 * 7 + (1 + 2 + 3 + 19 * 4) + 276


def test_all_neighbours_are_drawn_equally_often() -> None:
    arc = TextNasSpace(layers=3).parse("0 5 | 0 3 1 | 1 6 0 1")
    space = TextNasSpace(layers=3, ops=OTHER_OPS)
    around = space.neighbours(arc)
    rng = np.random.default_rng(0)
    drawn = Counter(space.mutate(arc, rng) for _ in range(4_000))
    assert set(drawn) == set(around)
    expected = 4_000 / len(around)
    assert all(abs(count - expected) < 5 * expected**0.5 for count in drawn.values())


def test_an_edit_that_changes_nothing_is_no_neighbour() -> None:
    """Which of two equal layers the last one reads means nothing."""
    twins = Layer(0, "conv3"), Layer(0, "gru"), Layer(1, "gru")
    arc = Arc((*twins, Layer(0, "attention")))
    same = Arc((*twins, Layer(1, "attention")))
    assert same == arc
    space = TextNasSpace(layers=4)
    assert arc not in space.neighbours(arc)
    rng = np.random.default_rng(0)
    assert all(space.mutate(arc, rng) != arc for _ in range(100))


def test_the_only_architecture_of_a_space_cannot_be_mutated() -> None:
    space = TextNasSpace(layers=1, ops=("gru",))
    rng = np.random.default_rng(0)
    arc = space.sample(rng)
    assert space.neighbours(arc) == []
    with pytest.raises(ArcError, match="nothing to mutate"):
        space.mutate(arc, rng)


def test_an_architecture_of_another_size_is_edited_in_its_own() -> None:
    arc = published_arc("published")
    other = TextNasSpace(layers=3, window=2).mutate(arc, np.random.default_rng(0))
    assert len(other.layers) == 24
    with pytest.raises(ArcError):
        ArcChoices(3).to_sample(other)
