"""The encoder as a value: its rules, its JSON, the release's form, the published ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice, product
from pathlib import Path

import pytest

from search_spaces.encoder import EncoderArchitecture, EncoderError, EncoderLayer
from search_spaces.encoder.architecture import (
    FEED_FORWARD,
    FEED_FORWARDS,
    HEADS,
    HIDDEN_SIZES,
    LAYERS,
    OPERATIONS,
    SPACE_SIZE,
)
from search_spaces.encoder.configuration import from_configuration, to_configuration
from search_spaces.encoder.published import NAMES, published_encoder
from search_spaces.values import MAX_JSON_CHARACTERS

ALL_LAYERS = [
    EncoderLayer(*operation, *rest)
    for operation, *rest in product(OPERATIONS.values(), HEADS, FEED_FORWARD, FEED_FORWARDS)
]
LAYER = EncoderLayer("SA", "SDP", 2, 512, 1)
ENCODER = EncoderArchitecture(128, (LAYER, EncoderLayer("DSC", 9, 4, 1024, 3)))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"operation": "GRU"}, "layer 1: the operation must be SA or LT or DSC, got 'GRU'"),
        ({"parameter": "DFT"}, "layer 1: the parameter of SA must be SDP or WMA, got 'DFT'"),
        (
            {"operation": "DSC", "parameter": "5"},
            "layer 1: the parameter of DSC must be 5 or 9, got '5'",
        ),
        ({"heads": 3}, "layer 1: the number of heads must be 2 or 4, got 3"),
        ({"heads": 2.0}, "layer 1: the number of heads must be 2 or 4, got 2.0"),
        ({"feed_forward": 256}, "layer 1: the feed-forward width must be 512 or 1024, got 256"),
        ({"feed_forwards": True}, "layer 1: the number of feed-forwards must be 1 or 3, got True"),
        ({"feed_forwards": [1]}, "layer 1: the number of feed-forwards must be 1 or 3, got [1]"),
    ],
)
def test_a_broken_rule_is_named(change: dict[str, object], rule: str) -> None:
    broken = LAYER._replace(**change)  # type: ignore[arg-type]
    with pytest.raises(EncoderError) as error:
        EncoderArchitecture(128, (LAYER, broken))
    assert str(error.value) == rule


@pytest.mark.parametrize("layers", [0, 1, 3, 5])
def test_an_encoder_has_two_or_four_layers(layers: int) -> None:
    with pytest.raises(EncoderError, match="number of layers must be 2 or 4"):
        EncoderArchitecture(128, (LAYER,) * layers)


@pytest.mark.parametrize("hidden_size", [0, 192, "128", None])
def test_the_hidden_size_is_one_of_two(hidden_size: int) -> None:
    with pytest.raises(EncoderError, match="hidden size must be 128 or 256"):
        EncoderArchitecture(hidden_size, (LAYER, LAYER))


@pytest.mark.parametrize(
    "text",
    [
        '{"hidden_size": 128}',
        '{"hidden_size": 128, "layers": {}}',
        '{"hidden_size": 128, "layers": [1, 2]}',
        '{"hidden_size": 128, "layers": [{}, {}]}',
        '{"hidden_size": 128, "layers": [], "more": 1}',
        '{"hidden_size": [128], "layers": []}',
        '{"a": ' + "[" * 4_000,
        " " * MAX_JSON_CHARACTERS + "{}",
    ],
)
@pytest.mark.parametrize("read", [EncoderArchitecture.from_json, from_configuration])
def test_hostile_text_is_one_clear_line(
    read: Callable[[str], EncoderArchitecture], text: str
) -> None:
    with pytest.raises(EncoderError) as error:
        read(text)
    assert "\n" not in str(error.value)


def test_the_releases_form_is_read_and_written() -> None:
    text = to_configuration(ENCODER)
    assert json.loads(text)["nas_config"]["encoder_layers"][1] == {
        "operation_type": "DSC",
        "operation_parameter": 9,
        "num_operation_heads": 4,
        "feed_forward_dimension": 1024,
        "num_feed_forward": 3,
    }
    assert from_configuration(text) == ENCODER


def test_order_of_layers_and_every_value_count() -> None:
    assert EncoderArchitecture(128, ENCODER.layers[::-1]) != ENCODER
    assert EncoderArchitecture(256, ENCODER.layers) != ENCODER
    assert EncoderArchitecture(128, ENCODER.layers * 2) != ENCODER


def test_the_size_of_the_space() -> None:
    """All of two layers are made; four layers are the pairs of these."""
    assert len(set(ALL_LAYERS)) == 48
    pairs = list(product(ALL_LAYERS, repeat=2))
    of_two = {EncoderArchitecture(h, p).canonical_key for h, p in product(HIDDEN_SIZES, pairs)}
    assert len(of_two) == 2 * 48**2
    some = islice(product(pairs, repeat=2), 10**5, 10**5 + 3_000)
    assert len({EncoderArchitecture(128, a + b).canonical_key for a, b in some}) == 3_000
    assert len(HIDDEN_SIZES) * sum(len(ALL_LAYERS) ** n for n in LAYERS) == SPACE_SIZE


def test_the_published_encoders_are_the_benchmarks(shared: Callable[[str], Path]) -> None:
    rows = json.loads(shared("nas-bench-bert/BERT_benchmark.json").read_text("utf-8"))
    assert [str(row["id"]) for row in rows] == list(NAMES)
    for row in rows:
        configuration = json.dumps(row["hparams"]["model_hparam_overrides"])
        assert published_encoder(str(row["id"])) == from_configuration(configuration)


def test_the_first_published_encoder() -> None:
    """As NAS-Bench-BERT prints it."""
    assert published_encoder("0") == EncoderArchitecture(
        256,
        (
            EncoderLayer("SA", "WMA", 4, 1024, 3),
            EncoderLayer("LT", "DCT", 2, 512, 3),
            EncoderLayer("SA", "SDP", 4, 512, 3),
            EncoderLayer("SA", "SDP", 4, 1024, 1),
        ),
    )
