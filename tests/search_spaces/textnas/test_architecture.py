"""The architecture as a value: its rules, its JSON, its parameters."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.textnas import Arc, ArcError, Layer, moves
from search_spaces.textnas.architecture import MAX_JSON_CHARACTERS, OPS
from search_spaces.textnas.encoding import count_skips
from search_spaces.textnas.parameters import num_parameters
from search_spaces.textnas.published import published_arc

PUBLISHED = published_arc("published")
ARCS = st.builds(
    lambda seed, layers, window: moves.sample(np.random.default_rng(seed), layers, window, OPS),
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.integers(1, 7),
)


@pytest.mark.parametrize(
    ("layers", "rule"),
    [
        ([], "1 to 100 layers, got 0"),
        ([Layer(0, "gru")] * 101, "1 to 100 layers, got 101"),
        ([Layer(1, "gru")], "layer 0: it reads the stem, its distance is 0, got 1"),
        ([Layer(0, "gru", (0,))], r"layer 0: its skips must be none, got \[0\]"),
        ([Layer(0, "gru"), Layer(5, "gru")], "layer 1: its distance must be 0 to 4, got 5"),
        ([Layer(0, "gru"), Layer(-1, "gru")], "layer 1: its distance must be 0 to 4, got -1"),
        ([Layer(0, "gru")] * 7 + [Layer(7, "gru")], "layer 7: its distance must be 0 to 6, got 7"),
        ([Layer(0, "lstm")], "layer 0: unknown op 'lstm'; known: conv1, conv3"),
        ([Layer(0, "gru"), Layer(0, "gru", (1,))], "layer 1: its skips must be different numbers"),
        ([Layer(0, "gru")] * 2 + [Layer(0, "gru", (1, 0))], "layer 2: its skips .* 0 to 1, asc"),
        ([Layer(0, "gru"), Layer(0, "gru", (0, 0))], "layer 1: its skips must be different"),
        ([Layer(0, "gru"), Layer(0, "gru", (-1,))], "layer 1: its skips must be different"),
    ],
)
def test_a_broken_rule_is_named(layers: list[Layer], rule: str) -> None:
    with pytest.raises(ArcError, match=rule):
        Arc(tuple(layers))


def test_the_furthest_distance_is_that_of_the_release_or_to_the_first_layer() -> None:
    chain = [Layer(0, "conv3")] * 7
    assert Arc((*chain[:3], Layer(4, "gru"))).source(3) == 2
    assert Arc((*chain, Layer(6, "gru"))).source(7) == 0
    assert [PUBLISHED.source(i) for i in (0, 1, 2, 3, 7)] == [None, 0, 0, 2, 2]


def test_a_distance_beyond_the_first_layer_is_the_layer_before() -> None:
    near, far = (Arc((Layer(0, "gru"), Layer(d, "gru"))) for d in (0, 3))
    assert near == far
    assert near.layers != far.layers


@given(ARCS)
def test_json_is_read_back_in_its_own_order(arc: Arc) -> None:
    assert Arc.from_json(arc.to_json()).layers == arc.layers
    assert Arc.from_json(str(arc)) == arc


@pytest.mark.parametrize(
    ("layer", "rule"),
    [
        ({"distance": True, "op": "gru", "skips": []}, "its distance must be a whole number"),
        ({"distance": 0.0, "op": "gru", "skips": []}, "its distance must be a whole number"),
        ({"distance": 10**17, "op": "gru", "skips": []}, "its distance must be 0 to 4"),
        ({"distance": 0, "op": None, "skips": []}, "its op must be a word"),
        ({"distance": 0, "op": "x\n" * 999, "skips": []}, "unknown op"),
        ({"distance": 0, "op": "gru", "skips": [False]}, "a list of whole numbers"),
        ({"distance": 0, "op": "gru", "skips": [10**17]}, "its skips must be different"),
        ({"distance": 0, "op": "gru", "skips": "0"}, "a list of whole numbers"),
        ({"distance": 0, "op": "gru"}, "must have distance, op and skips"),
        ({"distance": 0, "op": "gru", "skips": [], "x": 1}, "must have distance, op and skips"),
        ([0, "gru", []], "must have distance, op and skips"),
    ],
)
def test_a_layer_of_other_json_is_refused_by_its_number(layer: object, rule: str) -> None:
    first = {"distance": 0, "op": "gru", "skips": []}
    with pytest.raises(ArcError, match=f"layer 1: .*{rule}") as error:
        Arc.from_json(json.dumps({"layers": [first, layer]}))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"layers": {}}',
        '{"layers": [], "x": 1}',
        '{"layers": [NaN]}',
        "[" * 99_999,
        '{"layers":' * 9_999,
        '{"layers": [{"distance": ' + "1" * 5_000,
        " " * (MAX_JSON_CHARACTERS + 1),
    ],
)
def test_other_json_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ArcError) as error:
        Arc.from_json(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


def test_the_published_architecture_has_its_published_figures() -> None:
    assert len(PUBLISHED.layers) == 24
    assert Counter(layer.op for layer in PUBLISHED.layers) == {
        "conv1": 2, "conv3": 3, "conv5": 2, "conv7": 5,
        "avg_pool3": 2, "max_pool3": 4, "gru": 2, "attention": 4,
    }  # fmt: skip
    assert count_skips(PUBLISHED) == 101
    assert num_parameters(PUBLISHED) == 6_138_650
    assert num_parameters(PUBLISHED, classes=5) == 6_139_421
    normed = sum(bool(layer.skips) for layer in PUBLISHED.layers)
    assert normed == 21
    always = num_parameters(PUBLISHED, batch_norm="always")
    assert always - num_parameters(PUBLISHED) == (23 - normed) * 2 * 256


@pytest.mark.parametrize(
    ("op", "parameters"),
    [("conv1", 16 + 12), ("conv7", 7 * 16 + 12), ("max_pool3", 0), ("gru", 2 * (96 + 24)),
     ("attention", 60 + 8)],
)  # fmt: skip
def test_parameters_of_one_layer_by_hand(op: str, parameters: int) -> None:
    """Width 4: the stem has 3 * 4 + 12, the head one weight, 4 * 2 and 2."""
    assert num_parameters(Arc((Layer(0, op),)), 3, 4, 2) == 24 + parameters + 11


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ArcError, match="width must be between 1 and 1,000,000, got 0"):
        num_parameters(PUBLISHED, width=0)
