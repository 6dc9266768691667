"""`score`: a file of recipes in, a CSV file out, one line for what goes wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nni_nlp_bench.cli.app import app

SMALL = ["--embedding", "8", "--hidden", "8", "--layers", "1", "--columns", "5", "--steps", "6"]


def call(tmp_path: Path, recipes: str, **options: str) -> tuple[int, str, str]:
    path = tmp_path / "cells.jsonl"
    path.write_text(recipes, "utf-8")
    given = {"scores": "naswot", "corpus": "pydoc-small", "out": str(tmp_path / "o.csv")}
    words = [word for k, v in (given | options).items() for word in (f"--{k}", v)]
    result = CliRunner().invoke(
        app, ["score", "--recipes", str(path), *words, *SMALL, "--workers", "1"]
    )
    return result.exit_code, result.stdout, result.stderr


def test_names_ids_and_json_are_scored(tmp_path: Path) -> None:
    recipe = '{"f": {"op": "linear", "input": ["x", "h_prev_0"]}, '
    recipe += '"h_new_0": {"op": "activation_tanh", "input": ["f"]}}'
    scores = "miniature_recall, jacobian_cosine"
    code, stdout, stderr = call(tmp_path, f"lstm\n\n1000004\n{recipe}\n", scores=scores)
    out = tmp_path / "o.csv"
    assert (code, stdout, stderr) == (0, f"{out}: 3 recipes scored\n", "")
    with out.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["line"] for row in rows] == ["1", "3", "4"]
    assert all(0 <= float(row["miniature_recall"]) <= 3 for row in rows)
    assert all(0 < float(row["jacobian_cosine"]) < 1 for row in rows)


@pytest.mark.parametrize(
    ("recipes", "options", "message"),
    [
        ("lstm", {"scores": "synflow"}, "unknown score 'synflow'; known: activation_distance"),
        ("lstm", {"corpus": "ptv"}, "unknown corpus 'ptv'; known: ptb, pydoc"),
        ("", {}, "holds no recipe: write one a line"),
        ("lstm\nlst", {}, "cells.jsonl, line 2: unknown architecture 'lst'"),
        (
            "lstm",
            {"out": "/nowhere/o.csv"},
            "cannot write /nowhere/o.csv: /nowhere is not a folder",
        ),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path, recipes: str, options: dict[str, str], message: str
) -> None:
    code, stdout, stderr = call(tmp_path, recipes, **options)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr
    assert not (tmp_path / "o.csv").exists()


def test_a_text_that_is_too_short_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"{part}.txt").write_text("a b c\n" * 5, "utf-8")
    code, _, stderr = call(tmp_path, "lstm", corpus=str(folder))
    assert code == 2
    assert f"the test part of {folder} has 20 tokens, too few for 5 columns of 6 steps" in stderr
