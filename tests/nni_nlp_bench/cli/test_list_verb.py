"""`list`: every registered part, whether a benchmark is at hand, in any terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, WIKITEXT_2
from nni_nlp_bench.cli.app import app
from nni_nlp_bench.data.corpora import CORPORA
from nni_nlp_bench.data.sentences.sets import LABELLED_SETS
from nni_nlp_bench.distillation.knowledge import LOSSES
from nni_nlp_bench.scores.base import SCORES
from nni_nlp_bench.scores.encoders.base import ENCODER_SCORES
from nni_nlp_bench.strategies.methods import PAPER
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.training.one_shot.settings import STRATEGIES as ONE_SHOT
from search_spaces.base import SPACES


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASBENCHMARK_DIR", str(tmp_path))


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["list", *arguments])
    assert result.exit_code == 0
    assert result.stderr == ""
    return result.stdout


def test_json_lists_every_part() -> None:
    parts = json.loads(call("--json"))
    assert parts.pop("missing") == {}
    names = {kind: [part["name"] for part in found] for kind, found in parts.items()}
    assert names == {
        "spaces": list(SPACES),
        "benchmarks": list(BENCHMARKS),
        "strategies": list(STRATEGIES),
        "methods": [method.name for method in PAPER],
        "one_shot": list(ONE_SHOT),
        "corpora": list(CORPORA),
        "labelled_sets": list(LABELLED_SETS),
        "scores": [*SCORES, *ENCODER_SCORES],
        "distillation_losses": list(LOSSES),
    }
    assert all(names.values())


def test_a_benchmark_is_at_hand_once_its_table_is_there() -> None:
    def at_hand() -> object:
        parts = json.loads(call("--json"))["benchmarks"]
        return next(part["at_hand"] for part in parts if part["name"] == WIKITEXT_2.name)

    assert at_hand() is False
    WIKITEXT_2.table.mkdir(parents=True)
    assert at_hand() is True


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = call().splitlines()
    assert max(map(len, lines)) <= width
    first_words = {line.split()[0] for line in lines if line.strip()}
    assert first_words >= {*SPACES, *BENCHMARKS, *STRATEGIES, *ONE_SHOT, *LABELLED_SETS}
