"""How well scores rank encoders: the published figures, and that the page tells what was found."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs/nas_bench_bert.md").read_text("utf-8")
PUBLISHED = {
    "head_confidence": 0.478,
    "num_params": 0.454,
    "activation_distance": 0.222,
    "activation_distance_normalised": -0.050,
    "softmax_confidence": 0.216,
    "synaptic_saliency": 0.188,
    "head_importance": 0.164,
    "synaptic_diversity": 0.156,
}
"""Kendall's tau of the release's scores with the GLUE score."""
STUDY: dict[str, Any] = runpy.run_path(str(HOME / "experiments/encoder_scores.py"))
Shared = Callable[[str], Path]


@pytest.fixture
def glue(shared: Shared, tmp_path: Path) -> pd.DataFrame:
    source = shared("nas-bench-bert/BERT_benchmark.json")
    import_benchmark(source, "nas-bench-bert", tmp_path / "glue")
    found: pd.DataFrame = STUDY["trainings_by_id"](Table.load(tmp_path / "glue"))
    assert list(found.index) == list(range(500))
    return found


def ranks(scores: pd.DataFrame, glue: pd.DataFrame) -> pd.DataFrame:
    """Tau, tau at equal depth and accuracy on close pairs, by score."""
    found: pd.DataFrame = STUDY["rank_columns"](scores, glue, "parameters")
    assert set(found.pop("trainings")) == {500}
    assert set(found.pop("pairs")) == {26_769}
    return found


def test_the_published_rank_correlations(glue: pd.DataFrame, shared: Shared) -> None:
    table = STUDY["published_scores"](shared("nas-bench-bert/BERT_results_activation.csv"))
    assert set(table.columns) < set(ENCODER_SCORES)
    taus = ranks(table, glue)
    for name, wanted in PUBLISHED.items():
        assert taus.loc[name, "tau"] == pytest.approx(wanted, abs=5e-4), name
    assert taus["equal_depth"].abs().max() < 0.12
    counts = ranks(STUDY["sizes"](glue), glue)
    assert counts.loc["layers", "tau"] == pytest.approx(0.682, abs=5e-4)
    assert counts.loc["hidden_size", "tau"] == pytest.approx(0.341, abs=5e-4)


def test_the_page_tells_what_was_found(glue: pd.DataFrame, shared: Shared) -> None:
    modes = STUDY["read_modes"](HOME / "docs/data/encoder_scores.csv")
    assert [*modes] == ["as_published", "own"]
    assert [len(scores) for scores in modes.values()] == [500, 500]
    published = STUDY["published_scores"](shared("nas-bench-bert/BERT_results_activation.csv"))
    for columns in ({"sizes alone": STUDY["sizes"](glue)}, {"published": published, **modes}):
        for line in STUDY["markdown"](columns, glue).splitlines():
            assert line in PAGE.splitlines()
    own = ranks(modes["own"], glue)["tau"]
    assert set(own.index) == set(ENCODER_SCORES)
    for name in own.index:
        if abs(own[name]) > 0.1:
            assert ENCODER_SCORES.get(name).higher_is_better == (own[name] > 0), name


def test_scores_of_a_file_are_joined_by_id(glue: pd.DataFrame) -> None:
    """Encoders that were trained twice have one row in a file and two ids."""
    scores = glue[["canonical_key"]].drop_duplicates().reset_index(drop=True)
    scores = scores.assign(line=1, recipe="{}", depth=range(len(scores)))[::-1]
    joined = STUDY["by_id"](scores, glue)
    assert list(joined.index) == list(range(500))
    assert joined["depth"].nunique() == 491
    depths = scores.set_index("canonical_key")["depth"]
    assert list(joined["depth"]) == list(depths.loc[glue["canonical_key"]])
