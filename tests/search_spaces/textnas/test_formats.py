"""The release's arc text and NNI's JSON, and what is neither."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.textnas import Arc, ArcError, Layer
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.formats import from_arc_text, from_nni_json, to_arc_text, to_nni_json
from search_spaces.textnas.published import ARC_TEXTS, published_arc

TEXT = ARC_TEXTS["published"]
PUBLISHED = published_arc("published")
NNI_DIGEST = "5f416501eab975d0c7e62defb0d75071f2290309d08ac84f9ec615a5b78baa28"
"""Of NNI's own file of the published architecture, as JSON with sorted keys and no spaces."""


@st.composite
def arcs_of_the_release(draw: st.DrawFn) -> Arc:
    """Architectures with distances 0 to 4, those beyond the first layer too."""
    layers = []
    for number in range(draw(st.integers(1, 12))):
        distance = draw(st.integers(0, 4)) if number else 0
        skips = draw(st.sets(st.integers(0, number - 1))) if number else set()
        layers.append(Layer(distance, draw(st.sampled_from(OPS)), tuple(sorted(skips))))
    return Arc(tuple(layers))


@given(arcs_of_the_release(), st.sampled_from([" ", "\n", " | ", "|", " |\n"]))
def test_arc_text_is_read_back_exactly(arc: Arc, separator: str) -> None:
    assert from_arc_text(to_arc_text(arc, separator)).layers == arc.layers


@given(arcs_of_the_release())
def test_nnis_json_is_read_back(arc: Arc) -> None:
    text = to_nni_json(arc)
    assert from_nni_json(text) == arc
    assert to_nni_json(from_nni_json(text)) == text
    value = json.loads(text)
    assert len(value) == 3 * len(arc.layers) - 2
    assert [int(key.split("Choice")[1]) for key in value] == list(range(1, len(value) + 1))


def test_the_published_text_is_written_as_it_was_read() -> None:
    assert to_arc_text(PUBLISHED) == TEXT
    assert PUBLISHED.layers[1] == Layer(1, "attention")
    assert PUBLISHED.layers[3] == Layer(3, "gru", (1, 2))
    assert from_arc_text(TEXT.replace("|", "")).layers == PUBLISHED.layers


def test_the_published_json_is_nnis_file() -> None:
    value = json.loads(to_nni_json(PUBLISHED))
    assert value["LayerChoice1"].index(True) == OPS.index("max_pool3")
    assert value["InputChoice2"] == [True]
    assert value["InputChoice5"] == [True, False]
    assert value["InputChoice8"] == [False, False, True]
    assert value["InputChoice20"] == [True, False, False, False, False]
    assert [i for i, bit in enumerate(value["InputChoice70"]) if bit] == [0, 3, 7, 12, 16]
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(plain.encode()).hexdigest() == NNI_DIGEST


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "1 to 100 layers, got 0"),
        (" | \n", "1 to 100 layers, got 0"),
        ("0", "layer 0: .* 2 numbers, got 1"),
        ("1 5", "layer 0: it reads the stem"),
        ("0 8", "layer 0: the op in an arc text is 0 to 7, got '8'"),
        ("0 5 | 5 7 0", "layer 1: the distance in an arc text is 0 to 4, got '5'"),
        ("0 5 | 0 7 2", "layer 1: the skip in an arc text is 0 to 1, got '2'"),
        ("0 5 | 0 7", "layer 1: .* 3 numbers, got 2"),
        ("0 5 1 | 7 0", "layer 0: .* 2 numbers, got 3"),
        ("0 5 1 7 0 1", "layer 2: .* 4 numbers, got 1"),
        ("0 \u0665", "layer 0: the op"),
        ("-0 5", "layer 0: the distance"),
        ("0 " + "9" * 9_999, "layer 0: the op"),
        ("0 5 " * 99_999, "at most 200,000 characters"),
        ("0 5 | " + " | ".join(f"0 1{' 0' * i}" for i in range(1, 101)), "1 to 100 layers"),
    ],
)
def test_what_is_no_arc_text_is_refused_by_its_layer(text: str, rule: str) -> None:
    with pytest.raises(ArcError, match=rule) as error:
        from_arc_text(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_an_input_too_far_back_cannot_be_written() -> None:
    far = Arc((*[Layer(0, "gru")] * 6, Layer(5, "gru")))
    for write in (to_arc_text, to_nni_json):
        with pytest.raises(ArcError, match="layer 6: its input is 6 layers back"):
            write(far)


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("LayerChoice1", None, "layer 0: the key LayerChoice1 is missing"),
        ("InputChoice8", None, "layer 3: the key InputChoice8 is missing"),
        ("InputChoice8", [True, False], "layer 3: InputChoice8 must have 3 items, got 2"),
        ("InputChoice8", [True, True, False], "layer 3: InputChoice8 must have one true item"),
        ("InputChoice8", [False] * 3, "layer 3: InputChoice8 must have one true item, got 0"),
        ("InputChoice8", [0, 0, 1], "layer 3: InputChoice8 must be a list of true and false"),
        ("InputChoice8", "abc", "layer 3: InputChoice8 must be a list"),
        ("LayerChoice9", [True] * 8, "layer 3: LayerChoice9 must have one true item, got 8"),
        ("LayerChoice9", [True], "layer 3: LayerChoice9 must have 8 items"),
        ("InputChoice10", [True], "layer 3: InputChoice10 must have 3 items, got 1"),
        ("InputChoice71", [True], "layer 24: the key LayerChoice72 is missing"),
    ],
)
def test_a_broken_key_of_nnis_json_is_named(key: str, value: Any, rule: str) -> None:
    choices = json.loads(to_nni_json(PUBLISHED))
    choices.pop(key, None)
    if value is not None:
        choices[key] = value
    with pytest.raises(ArcError, match=rule):
        from_nni_json(json.dumps(choices))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 99_999, '{"Layer": 1}'])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ArcError) as error:
        from_nni_json(text)
    assert "\n" not in str(error.value)
