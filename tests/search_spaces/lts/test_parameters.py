"""Parameters of decoders: those of the release's tables, all five fields of every row."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, replace

import pytest
from lts_release import Row

from search_spaces.lts import DecoderLayer, LtsArchitecture, LtsError
from search_spaces.lts.configuration import from_configuration
from search_spaces.lts.parameters import ParameterCounts, count_parameters
from search_spaces.lts.rules import RULES, Setting

FIRST = LtsArchitecture(
    model="gpt2",
    dataset="wt103",
    d_model=128,
    d_embed=256,
    div_val=4,
    layers=tuple(map(DecoderLayer, (2, 4, 4, 8, 8), (1071, 640, 1286, 800, 1871))),
)
DEFAULTS = Setting(50_257, RULES["gpt2", "wt103"].setting.cutoffs, 192, ties_tails=True)
"""Vocabulary of the one network of the searches that was measured but not trained."""


def test_the_first_decoder() -> None:
    counts = ParameterCounts(6_631_088, 330_240, 1_457_316, 1_790_372, 8_505_006)
    assert count_parameters(FIRST) == counts


def test_all_rows_of_the_tables(rows: list[Row]) -> None:
    exact: Counter[str] = Counter()
    for row in rows:
        if row.set != "random_GPT2_lm1b":
            exact[row.set] += astuple(counts_of(row)) == row.counts
    assert exact == {
        "pareto_GPT2_lm1b_arm": 45,
        "pareto_GPT2_lm1b_corei7": 38,
        "pareto_GPT2_lm1b_titanxp": 39,
        "pareto_TransXL_lm1b_arm": 39,
        "pareto_TransXL_lm1b_titanxp": 40,
        "random_GPT2_wt103": 200,
        "random_TransXL_lm1b": 186,
        "random_TransXL_wt103_homogeneous": 99,
    }


def test_the_table_of_gpt2_on_lm1b_holds_counts_of_transformer_xl(rows: list[Row]) -> None:
    rows = [row for row in rows if row.set == "random_GPT2_lm1b"]
    assert len(rows) == 200
    for row in rows:
        decoder = from_configuration(row.text)
        width, depth = decoder.d_model, len(decoder.layers)
        counts, (_, _, feed_forward, non_embedding, total) = count_parameters(decoder), row.counts
        shift = -depth * width**2 + 2 * depth * width + 2 * width
        assert counts.feed_forward == feed_forward
        assert counts.non_embedding == non_embedding + shift
        assert counts.total == total + shift + 32 * width


def counts_of(row: Row) -> ParameterCounts:
    try:
        return count_parameters(from_configuration(row.text))
    except LtsError:
        assert (row.set, row.name) == ("pareto_GPT2_lm1b_titanxp", "M18")
        config = row.config
        layers = tuple(map(DecoderLayer, config["n_head"], config["d_inner"]))
        decoder = LtsArchitecture("gpt2", "lm1b", config["d_model"], config["d_model"], 4, layers)
        return count_parameters(decoder, DEFAULTS)


@pytest.mark.parametrize("d_embed", [128, 256])
def test_one_cluster_counts_as_no_divisor(d_embed: int) -> None:
    """A narrower embedding is projected with any divisor, one as wide as the model only with."""
    one = replace(RULES["gpt2", "lm1b"].setting, cutoffs=())
    of_divisors = {
        div_val: count_parameters(replace(FIRST, d_embed=d_embed, div_val=div_val), one).total
        for div_val in (1, 2, 4)
    }
    projections = 2 * 128 * 128 if d_embed == 128 else 0
    assert of_divisors[2] == of_divisors[4] == of_divisors[1] + projections
