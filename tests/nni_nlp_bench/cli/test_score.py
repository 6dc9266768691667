"""`score`: one row per recipe, and errors."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nni_nlp_bench as nb
from nni_nlp_bench.cli.app import app
from search_spaces.encoder.parameters import num_parameters
from search_spaces.encoder.published import as_scored, published_encoder
from search_spaces.registry import get_space

pytest.importorskip("torch")

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


def test_recipes_by_name_id_and_json(tmp_path: Path) -> None:
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
        ("", {}, "has no recipes: write one per line"),
        ("lstm\nlst", {}, "cells.jsonl, line 2: unknown architecture 'lst'"),
        (
            "lstm",
            {"out": "/nowhere/o.csv"},
            "cannot write /nowhere/o.csv: /nowhere is not a folder",
        ),
    ],
)
def test_errors(tmp_path: Path, recipes: str, options: dict[str, str], message: str) -> None:
    code, stdout, stderr = call(tmp_path, recipes, **options)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.slow
def test_error_for_short_text(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"{part}.txt").write_text("a b c\n" * 5, "utf-8")
    code, _, stderr = call(tmp_path, "lstm", corpus=str(folder))
    assert code == 2
    assert f"the test set of {folder} has 20 tokens, too few for 5 columns of 6 steps" in stderr


def encoders(tmp_path: Path, *options: str) -> tuple[int, str]:
    path = tmp_path / "encoders.jsonl"
    path.write_text("3\n12\n", "utf-8")
    command = ["score", "--space", "encoder", "--recipes", str(path), "--corpus", "pydoc-small"]
    command += ["--out", str(tmp_path / "o.csv"), "--workers", "1", *options]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.stderr


@pytest.mark.slow
def test_encoders_as_published(tmp_path: Path) -> None:
    options = ("--columns", "2", "--steps", "8", "--scores", "head_confidence,num_params")
    assert encoders(tmp_path, *options, "--as-published") == (0, "")
    with (tmp_path / "o.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["line"] for row in rows] == ["1", "2"]
    wanted = [num_parameters(as_scored(published_encoder(name))) for name in ("3", "12")]
    assert [float(row["num_params"]) for row in rows] == wanted
    assert all(float(row["head_confidence"]) > 0 for row in rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--scores", "naswot"), "unknown score of encoders 'naswot'; known: activation_distance"),
        (("--scores", "num_params", "--hidden", "8"), "--hidden does not apply to space encoder"),
        (("--scores", "num_params", "--steps", "513"), "encoders read 512 tokens, not 513"),
        (("--scores", "num_params", "--space", "enas_cell"), "'enas_cell' has no zero-cost scores"),
        (("--scores", "num_params", "--space", "textnas"), "--corpus does not apply to space text"),
        (("--scores", "num_params", "--data", "trec"), "--data does not apply to space encoder"),
        (
            ("--scores", "num_params", "--space", "rnn_cell", "--as-published"),
            "--as-published does not apply to space rnn_cell",
        ),
    ],
)
def test_error_for_options_of_other_spaces(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    code, line = encoders(tmp_path, *options)
    assert (code, line.count("\n")) == (2, 1)
    assert message in line
    assert not (tmp_path / "o.csv").exists()


def sentence_cells(tmp_path: Path, *options: str) -> tuple[int, str]:
    path = tmp_path / "cells.jsonl"
    genotype = "normal=[[('dilconv_3',0),('skip_connect',1)],[('stdconv_3',0),('dilconv_5',2)],"
    path.write_text(f"{genotype}[('skip_connect',1),('dilconv_3',3)]]\n", "utf-8")
    command = ["score", "--space", "emd_cell", "--recipes", str(path), "--workers", "1"]
    command += ["--out", str(tmp_path / "o.csv"), *options]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.stderr


def test_sentence_classifiers_on_labelled_texts(tmp_path: Path) -> None:
    options = ("--data", "docstrings", "--width", "8", "--columns", "6", "--steps", "12")
    assert sentence_cells(tmp_path, *options, "--scores", "naswot,num_params") == (0, "")
    with (tmp_path / "o.csv").open(encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    settings = {"columns": 6, "steps": 12, "options": {"width": 8}}
    cell = get_space("emd_cell").parse(row["recipe"])
    wanted = nb.score(cell, ["naswot", "num_params"], space="emd_cell", **settings)
    assert [float(row[name]) for name in wanted] == wanted.iloc[0].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--scores", "naswot"), "emd_cell are scored on labelled texts: give data"),
        (("--scores", "naswot", "--data", "reviews"), "unknown labelled set"),
        (("--scores", "zerolm", "--data", "docstrings"), "unknown score of sentence classifiers"),
        (("--scores", "naswot", "--data", "docstrings", "--vectors", "/no"), "unknown vectors"),
        (
            ("--scores", "naswot", "--data", "docstrings", "--layers", "2"),
            "--layers does not apply",
        ),
    ],
)
def test_errors_of_sentence_classifiers(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    code, line = sentence_cells(tmp_path, *options)
    assert (code, line.count("\n")) == (2, 1)
    assert message in line
    assert not (tmp_path / "o.csv").exists()
