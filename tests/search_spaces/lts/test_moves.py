"""Samples, edits and choices of decoders."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lts_release import Row
from scipy.stats import chisquare, kstest

from search_spaces.lts import DecoderLayer, LtsArchitecture, LtsError
from search_spaces.lts.choices import LtsChoices
from search_spaces.lts.configuration import from_configuration
from search_spaces.lts.moves import mutate, neighbours
from search_spaces.lts.parameters import count_parameters
from search_spaces.lts.sampling import SETS
from search_spaces.lts.space import LtsSpace

seeds = st.integers(0, 2**32 - 1)


@given(st.sampled_from(sorted(SETS)), seeds)
def test_sets_draw_decoders_of_their_ranges(name: str, seed: int) -> None:
    published = SETS[name]
    decoder = published.sample(np.random.default_rng(seed))
    assert (decoder.model, decoder.dataset) == (published.model, published.dataset)
    if name.endswith("pareto"):
        assert {layer.d_inner % 64 for layer in decoder.layers} == {0}
        least = 4e6 if decoder.model == "transformer_xl" else 6e6
        assert least <= count_parameters(decoder).non_embedding <= 100e6
    if published.is_homogeneous:
        assert len(set(decoder.layers)) == 1


def test_samples_are_uniform_in_every_value() -> None:
    rng = np.random.default_rng(0)
    decoders = [SETS["gpt2-wt103"].sample(rng) for _ in range(2_000)]
    for values in (
        [decoder.d_model for decoder in decoders],
        [decoder.d_embed for decoder in decoders],
        [decoder.div_val for decoder in decoders],
        [len(decoder.layers) for decoder in decoders],
        [decoder.layers[0].n_head for decoder in decoders],
    ):
        assert chisquare([*Counter(values).values()]).pvalue > 0.001
    for d_model, narrowest in ((256, 512), (512, 870)):
        widths = [d.layers[-1].d_inner for d in decoders if d.d_model == d_model]
        scaled = (np.array(widths) - narrowest) / (2_048 - narrowest)
        assert kstest(scaled, "uniform").pvalue > 0.001


def test_published_decoders_are_in_the_sets_ranges(rows: list[Row]) -> None:
    """Every trained network is a decoder of the space, and none is lost in its identity: random
    GPT-2 decoders on lm1b with divisors 2 and 4 would be the same, but none differ in that only."""
    decoders: dict[str, list[LtsArchitecture]] = {}
    for row in rows:
        if row.name != "M18" or row.set != "pareto_GPT2_lm1b_titanxp":
            decoders.setdefault(row.set, []).append(from_configuration(row.text))
    assert sum(map(len, decoders.values())) == 885
    for of_set in decoders.values():
        assert len(set(of_set)) == len(of_set)


@given(st.sampled_from(sorted(SETS)), seeds)
def test_edits_change_one_thing_and_keep_the_task(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    decoder = SETS[name].sample(rng)
    other = mutate(decoder, rng)
    assert (other.model, other.dataset) == (decoder.model, decoder.dataset)
    changed = {
        name
        for name in ("d_model", "div_val", "layers")
        if getattr(other, name) != getattr(decoder, name)
    }
    if "d_model" in changed:
        assert [layer.n_head for layer in other.layers] == [
            layer.n_head for layer in decoder.layers
        ]
    else:
        assert len(changed) + (other.d_embed != decoder.d_embed) == 1
    assert abs(len(other.layers) - len(decoder.layers)) <= 1


def test_all_edits_of_a_small_decoder() -> None:
    """Of two layers, one can be doubled, none removed; the narrowest inner width is allowed."""
    layers = (DecoderLayer(2, 1_024), DecoderLayer(4, 900))
    decoder = LtsArchitecture("gpt2", "wt103", 512, 128, 2, layers)
    around = neighbours(decoder)
    kinds = Counter(
        "n_layer" if len(o.layers) == 3 else "layers" if o.layers != layers else "widths"
        for o in around
    )
    # 870, then 896, 960, ... 2048: 20 widths, one of which is the first layer's.
    assert kinds == {"widths": 3 + 2 + 2, "n_layer": 2, "layers": 4 + 19 + 20}
    wider = replace(decoder, d_model=256, layers=(DecoderLayer(2, 512), DecoderLayer(4, 900)))
    lifted = next(o for o in neighbours(wider) if o.d_model == 512)
    assert [layer.d_inner for layer in lifted.layers] == [870, 900]


@given(seeds)
def test_every_sample_of_the_choices_decodes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for choices in (LtsChoices(), LtsChoices((("transformer_xl", "lm1b-pareto"),))):
        values = choices.categoricals
        sample = {label: of[int(rng.integers(len(of)))] for label, of in values.items()}
        decoder = choices.from_sample(sample)
        assert choices.from_sample(choices.to_sample(decoder)) == decoder


def test_choices_of_one_task_leave_out_the_others() -> None:
    space = LtsSpace().restricted_to(SETS["gpt2-lm1b"].sample(np.random.default_rng(0)))
    assert space.tasks == (("gpt2", "lm1b"),)
    labels = list(space.choices().categoricals)
    assert labels[:3] == ["n_layer", "d_model", "div_val"]
    with pytest.raises(LtsError, match="gpt2 on wt103, which the choices leave out"):
        space.choices().to_sample(SETS["gpt2-wt103"].sample(np.random.default_rng(0)))
    with pytest.raises(LtsError, match="unknown task gpt2 on ptb"):
        LtsSpace((("gpt2", "ptb"),))
