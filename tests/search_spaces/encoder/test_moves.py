"""Sampling and edits: how often they come, and that they can be undone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.encoder import EncoderArchitecture, EncoderLayer, moves

SEEDS = st.integers(0, 2**32 - 1)
FIRST = EncoderLayer("SA", "SDP", 2, 512, 1)
SECOND = EncoderLayer("DSC", 9, 4, 1024, 3)
TWO = EncoderArchitecture(128, (FIRST, SECOND))
FOUR = EncoderArchitecture(256, (SECOND, FIRST, FIRST, SECOND))


def test_every_choice_is_drawn_evenly() -> None:
    rng = np.random.default_rng(0)
    encoders = [moves.sample(rng) for _ in range(3_000)]
    assert abs(np.mean([encoder.hidden_size == 256 for encoder in encoders]) - 0.5) < 0.03
    assert abs(np.mean([len(encoder.layers) == 4 for encoder in encoders]) - 0.5) < 0.03
    layers = Counter(layer for encoder in encoders for layer in encoder.layers)
    assert set(layers) == set(moves.ALL_LAYERS)
    expected = layers.total() / 48
    assert all(abs(count - expected) < 5 * expected**0.5 for count in layers.values())


def test_neighbours_are_counted_by_hand() -> None:
    """Of a layer 5 other operations and 3 other sizes; the hidden size; two layers less or more."""
    assert len(moves.neighbours(FOUR)) == 4 * 8 + 1 + 1
    assert len(set(moves.neighbours(TWO))) == len(moves.neighbours(TWO)) == 2 * 8 + 1 + 48**2


def test_an_edit_changes_one_thing() -> None:
    around = moves.neighbours(FOUR)
    assert EncoderArchitecture(256, FOUR.layers[:2]) in around
    assert EncoderArchitecture(128, FOUR.layers) in around
    other = FIRST._replace(operation="LT", parameter="DCT")
    assert replace(FOUR, layers=(SECOND, other, FIRST, SECOND)) in around
    both = FIRST._replace(heads=4, feed_forward=1024)
    assert replace(FOUR, layers=(SECOND, both, FIRST, SECOND)) not in around


@given(SEEDS)
@settings(max_examples=20)
def test_neighbours_are_mutual(seed: int) -> None:
    rng = np.random.default_rng(seed)
    encoder = moves.sample(rng)
    around = moves.neighbours(encoder)
    assert encoder not in around
    for place in rng.integers(len(around), size=3):
        assert encoder in moves.neighbours(around[int(place)])


def test_what_a_mutation_changes_is_drawn_evenly() -> None:
    """Of two layers ten things can change, so that a tenth of all mutations make it longer."""
    rng = np.random.default_rng(0)
    mutants = [moves.mutate(TWO, rng) for _ in range(2_000)]
    assert set(mutants) <= set(moves.neighbours(TWO))
    longer = [mutant for mutant in mutants if len(mutant.layers) == 4]
    wider = [mutant for mutant in mutants if mutant.hidden_size == 256]
    heads = [mutant for mutant in mutants if mutant.layers[0].heads == 4]
    for changed in (longer, wider, heads):
        assert abs(len(changed) - 200) < 5 * 200**0.5
    assert len({mutant.layers[2:] for mutant in longer}) > 150
    shorter = [moves.mutate(FOUR, rng) for _ in range(200)]
    assert EncoderArchitecture(256, (SECOND, FIRST)) in shorter
