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


def shown(tau: float) -> str:
    """As the page writes it."""
    return "-" if tau != tau else f"{tau:.3f}".replace("0.", ".")


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
    scores = pd.read_csv(HOME / "docs/data/encoder_scores.csv", index_col=["mode", "id"])
    published = STUDY["published_scores"](shared("nas-bench-bert/BERT_results_activation.csv"))
    tables = [published, *(scores.loc[mode] for mode in ("as_published", "own"))]
    assert [len(table) for table in tables] == [500, 500, 500]
    taus = [ranks(table, glue) for table in tables]
    for name in published.columns:
        cells = [shown(tau) for table in taus for tau in table.loc[name]]
        assert f"| `{name}` | {' | '.join(cells)} |" in PAGE
    own = taus[-1]["tau"]
    for name in published.columns:
        if abs(own[name]) > 0.1:
            assert ENCODER_SCORES.get(name).higher_is_better == (own[name] > 0), name
    for name, row in ranks(STUDY["sizes"](glue), glue).iterrows():
        assert f"{shown(row['tau'])} | {shown(row['equal depth'])} |" in PAGE, name
