"""The decoder as a value: its rules, its JSON, the release's form, its identity."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from lts_release import Row

from search_spaces.lts import DecoderLayer, LtsArchitecture, LtsError
from search_spaces.lts.configuration import from_configuration
from search_spaces.values import MAX_JSON_CHARACTERS

LAYERS = (DecoderLayer(2, 1_024), DecoderLayer(8, 900))
LM1B = LtsArchitecture("gpt2", "lm1b", 512, 512, 2, LAYERS)
WT103 = LtsArchitecture("gpt2", "wt103", 256, 128, 2, LAYERS)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"d_model": 96}, "d_model must be 64 or 128 or 256 or 512, got 96"),
        ({"d_model": 256.0}, "d_model must be 64 or 128 or 256 or 512, got 256.0"),
        ({"d_embed": 64}, "d_embed must be 128 or 256 or 512, got 64"),
        ({"div_val": True}, "div_val must be 1 or 2 or 4, got True"),
        ({"layers": LAYERS[:1]}, "the number of layers must be 2 or 3 or"),
        (
            {"layers": (LAYERS[0], DecoderLayer(3, 900))},
            "layer 1: n_head must be 2 or 4 or 8, got 3",
        ),
        (
            {"d_model": 512, "layers": (LAYERS[0], DecoderLayer(2, 869))},
            "layer 1: d_inner must be a whole number from 870 to 2048, got 869",
        ),
        ({"dataset": "ptb"}, "got 'gpt2 on ptb'"),
        ({"model": ["gpt2"]}, "model and dataset must be"),
    ],
)
def test_a_broken_rule_is_named(change: dict[str, object], rule: str) -> None:
    with pytest.raises(LtsError) as error:
        replace(WT103, **change)  # type: ignore[arg-type]
    assert rule in str(error.value)
    assert "\n" not in str(error.value)


def test_transformer_xl_has_wider_feed_forward_networks() -> None:
    layers = (DecoderLayer(2, 1_024),) * 5
    decoder = LtsArchitecture("transformer_xl", "lm1b", 512, 512, 4, layers)
    with pytest.raises(LtsError, match="d_inner must be a whole number from 1024 to 2048"):
        replace(decoder, layers=(*layers, DecoderLayer(2, 1_023)))
    with pytest.raises(LtsError, match="d_embed must be 512, got 256"):
        replace(decoder, d_embed=256)


def test_the_divisor_of_one_cluster_does_not_count() -> None:
    """GPT-2's vocabulary is one cluster on lm1b: what counts is whether there is a projection."""
    assert replace(LM1B, div_val=4) == LM1B
    assert replace(LM1B, div_val=4).canonical.to_json() == LM1B.canonical.to_json()
    assert replace(LM1B, div_val=1) != LM1B
    assert len({replace(WT103, div_val=div_val) for div_val in (1, 2, 4)}) == 3


def test_every_other_value_counts() -> None:
    others = [
        replace(LM1B, layers=LAYERS[::-1]),
        replace(LM1B, layers=LAYERS * 2),
        replace(LM1B, layers=(LAYERS[0], DecoderLayer(8, 901))),
        replace(WT103, d_embed=256),
        replace(WT103, d_model=512),
        replace(WT103, dataset="lm1b", d_embed=256),
        LM1B,
        WT103,
    ]
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(
    "text",
    [
        '{"model": "gpt2"}',
        WT103.to_json().replace('"layers": [', '"layers": [1, '),
        WT103.to_json().replace('"n_head": 2', '"heads": 2'),
        '{"a": ' + "[" * 4_000,
        " " * MAX_JSON_CHARACTERS + "{}",
    ],
)
def test_hostile_text_is_one_clear_line(text: str) -> None:
    with pytest.raises(LtsError) as error:
        LtsArchitecture.from_json(text)
    assert "\n" not in str(error.value)


def test_the_releases_form_is_read(rows: list[Row]) -> None:
    by_name = {(row.set, row.name): row.text for row in rows}
    decoder = from_configuration(by_name["random_TransXL_wt103_homogeneous", "config_0_j0"])
    layers = (DecoderLayer(4, 1_628),) * 6
    assert decoder == LtsArchitecture("transformer_xl", "wt103", 256, 128, 2, layers)
    decoder = from_configuration(by_name["pareto_TransXL_lm1b_arm", "M1"])
    layers = (DecoderLayer(2, 1_216), DecoderLayer(2, 1_280))
    assert decoder == LtsArchitecture("transformer_xl", "lm1b-pareto", 512, 512, 4, layers)
    with pytest.raises(LtsError, match=r"n_token 50257.* are those of no published set"):
        from_configuration(by_name["pareto_GPT2_lm1b_titanxp", "M18"])


CONFIG = {
    "n_token": 50_264,
    "cutoffs": [19_997, 39_997, 199_997, 50_264],
    "tgt_len": 192,
    "d_model": 256,
    "d_embed": -1,
    "div_val": 1,
    "n_layer": 2,
    "n_head": [2, 8],
    "d_inner": 900,
}


def test_an_embedding_is_as_wide_as_the_model_by_default() -> None:
    layers = (DecoderLayer(2, 900), DecoderLayer(8, 900))
    expected = LtsArchitecture("gpt2", "wt103", 256, 256, 1, layers)
    assert from_configuration(yaml.safe_dump(CONFIG)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("n_token: [", "must be YAML"),
        ("n_token: !!python/name:os.system", "must be YAML"),
        ("- 1", "must be a mapping"),
        (" " * MAX_JSON_CHARACTERS + "a", "at most"),
        (yaml.safe_dump({**CONFIG, "n_head": [2]}), "n_head has 1 values, n_layer is 2"),
        (yaml.safe_dump({**CONFIG, "n_layer": 10**9}), "n_layer must be at most 16"),
        (yaml.safe_dump({**CONFIG, "n_token": "50264"}), "of no published set"),
        (yaml.safe_dump({**CONFIG, "d_embed": [1]}), r"d_embed must be .* got \[1\]"),
        (yaml.safe_dump({k: v for k, v in CONFIG.items() if k != "n_head"}), "field n_head"),
    ],
)
def test_another_configuration_is_refused(text: str, reason: str) -> None:
    with pytest.raises(LtsError, match=reason):
        from_configuration(text)
