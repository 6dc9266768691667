"""`benchmark predict`: one row per recipe, and errors."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, Packaged
from nni_nlp_bench.benchmarks.entries.nas_bench_nlp import WIKITEXT_2
from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark
from nni_nlp_bench.cli.app import app
from nni_nlp_bench.testing import BySize
from search_spaces.rnn_cell import published_recipe

NAME = "tests/by-size"


@pytest.fixture(autouse=True)
def surrogate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Surrogate of another package."""
    monkeypatch.setattr(BENCHMARKS, "_loaders", dict(BENCHMARKS._load()))
    source = Packaged(lambda: SurrogateBenchmark(NAME, BySize))
    BENCHMARKS.register(NAME, replace(WIKITEXT_2, name=NAME, source=source))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "predictions.csv"


def predict(recipes: Path, out: Path, benchmark: str = NAME) -> Result:
    arguments = ["--benchmark", benchmark, "--recipes", str(recipes), "--out", str(out)]
    return CliRunner().invoke(app, ["benchmark", "predict", *arguments])


def refused(result: Result, out: Path) -> str:
    """Return the error message; checks that nothing is written."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert list(out.parent.iterdir()) == []
    return result.stderr


def test_one_row_per_recipe(tmp_path: Path, out: Path) -> None:
    cells = [published_recipe(1000003 + i) for i in range(300)]
    lines = [cell.to_json() for cell in cells]
    lines.insert(1, "")
    recipes = tmp_path / "recipes.jsonl"
    recipes.write_text("\n".join(lines), "utf-8")
    result = predict(recipes, out)
    assert result.exit_code == 0, result.stderr
    assert "300 predictions written" in result.stdout
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["line"]) for row in rows] == [1, *range(3, 302)]
    assert [row["canonical_key"] for row in rows] == [cell.canonical_key for cell in cells]
    nodes = np.array([len(cell.nodes) for cell in cells])
    np.testing.assert_array_equal([float(row["test_loss"]) for row in rows], 5 - nodes / 100)
    np.testing.assert_array_equal([float(row["std"]) for row in rows], nodes / 1000)
    hours = [float(row["training_hours"]) for row in rows]
    np.testing.assert_allclose(hours, 100 * nodes / 3600)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "must be JSON"),
        (b'{"h_new_0": {"op": "linear", "input": ["x"]}}', "'h_prev_0': this source"),
        (b"\xff\xfe", "not UTF-8"),
        (b"\x00" * 1000, "unknown architecture"),
        (b"{" * 3_000_000, "longer than 1,000,000 bytes"),
        (b"[]", "unknown architecture"),
    ],
)
def test_error_for_invalid_line(tmp_path: Path, out: Path, bad: bytes, reason: str) -> None:
    good = published_recipe(1000001).to_json().encode()
    recipes = tmp_path / "recipes.jsonl"
    recipes.write_bytes(b"\n".join([*[good] * 280, bad, good]))
    line = refused(predict(recipes, out), out)
    assert f"{recipes}, line 281: " in line
    assert reason in line


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_error_for_file_without_recipes(tmp_path: Path, out: Path, content: bytes) -> None:
    recipes = tmp_path / "recipes.jsonl"
    recipes.write_bytes(content)
    assert "has no recipes" in refused(predict(recipes, out), out)


def test_error_for_missing_file_and_folder(tmp_path: Path, out: Path) -> None:
    assert "No such file" in refused(predict(tmp_path / "none.jsonl", out), out)
    assert "is a folder" in refused(predict(tmp_path, out), out)


def test_error_for_output_that_cannot_be_written(tmp_path: Path, out: Path) -> None:
    recipes = tmp_path / "recipes.jsonl"
    recipes.write_text("lstm\n", "utf-8")
    assert "is a folder" in refused(predict(recipes, out.parent), out)
    assert "cannot write" in refused(predict(recipes, out.parent / "none" / "a.csv"), out)
    assert predict(recipes, out).exit_code == 0


def test_error_for_table(tmp_path: Path, out: Path) -> None:
    line = refused(predict(tmp_path / "recipes.jsonl", out, "nas-bench-101"), out)
    assert f"known: {', '.join(BENCHMARKS)}" in line


def test_info_has_the_cross_validation_of_the_surrogate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    result = CliRunner().invoke(app, ["benchmark", "info", "nas-bench-nlp/ptb-surrogate", "--json"])
    assert result.exit_code == 0, result.output
    metrics = json.loads(result.stdout)["cross_validation"]
    assert metrics["overall"]["kendall"] >= 0.80
    assert metrics["below"]["5.5"]["kendall"] >= 0.75
    assert 0.85 <= metrics["overall"]["coverage"] <= 0.95
