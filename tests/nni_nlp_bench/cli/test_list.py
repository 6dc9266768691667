"""`list`: registered components, as tables and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS
from nni_nlp_bench.benchmarks.entries.nas_bench_nlp import WIKITEXT_2
from nni_nlp_bench.cli.app import app
from nni_nlp_bench.data.corpora import CORPORA
from nni_nlp_bench.data.sentences.sets import LABELLED_SETS
from nni_nlp_bench.distillation.losses.registry import LOSSES
from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES
from nni_nlp_bench.strategies.configs import PAPER
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.zero_cost.registry import SCORES_OF
from search_spaces.registry import SPACES


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASBENCHMARK_DIR", str(tmp_path))


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["list", *arguments])
    assert result.exit_code == 0
    assert result.stderr == ""
    return result.stdout


def test_json_lists_all_kinds() -> None:
    parts = json.loads(call("--json"))
    names = {kind: [part["name"] for part in found] for kind, found in parts.items()}
    assert names == {
        "spaces": list(SPACES),
        "benchmarks": list(BENCHMARKS),
        "strategies": list(STRATEGIES),
        "baselines": [config.name for config in PAPER],
        "one_shot": list(ONE_SHOT_STRATEGIES),
        "corpora": list(CORPORA),
        "sentences": list(LABELLED_SETS),
        "scores": [name for scores in SCORES_OF.values() for name in scores],
        "distillation_losses": list(LOSSES),
    }
    assert all(names.values())


def test_list_of_one_kind() -> None:
    (kind,) = parts = json.loads(call("strategies", "--json"))
    assert kind == "strategies"
    options = {row["name"]: row["options"] for row in parts[kind]}
    assert options["regularized_evolution"] == {"population": 20, "tournament": 10}
    assert options["grid"] == {}
    assert "population=20" in call("strategies")


def test_error_for_unknown_kind_lists_known_ones() -> None:
    result = CliRunner().invoke(app, ["list", "colours"])
    assert result.exit_code == 2
    assert "unknown kind 'colours'; known: spaces, benchmarks" in result.stderr


def test_benchmark_is_downloaded_if_its_table_exists() -> None:
    def is_downloaded() -> object:
        parts = json.loads(call("--json"))["benchmarks"]
        return next(part["downloaded"] for part in parts if part["name"] == WIKITEXT_2.name)

    assert is_downloaded() is False
    WIKITEXT_2.table.mkdir(parents=True)
    assert is_downloaded() is True


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = call().splitlines()
    assert max(map(len, lines)) <= width
    first_words = {line.split()[0] for line in lines if line.strip()}
    assert first_words >= {*SPACES, *BENCHMARKS, *STRATEGIES, *ONE_SHOT_STRATEGIES, *LABELLED_SETS}
