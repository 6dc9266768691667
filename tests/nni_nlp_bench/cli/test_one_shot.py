"""`one-shot`, and training of its results."""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nni_nlp_bench.cli.app import app
from search_spaces.enas_cell import Cell

pytest.importorskip("nni")

WORDS = [f"w{i}" for i in range(6)]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Periodic text."""
    folder = tmp_path / "text"
    folder.mkdir()
    for part, lines in (("train", 60), ("valid", 30), ("test", 30)):
        (folder / f"{part}.txt").write_text((" ".join(WORDS) + "\n") * lines, "utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["enas", "darts"])
def test_best_cell_is_trained_from_scratch(strategy: str, text: Path, tmp_path: Path) -> None:
    out = tmp_path / "found"
    options = ["--space", "enas_cell", "--strategy", strategy, "--corpus", text, "--seed", 3]
    sizes = ["--epochs", 2, "--nodes", 3, "--width", 8]
    searched = run("one-shot", *options, *sizes, "--out", out, "--json")
    assert searched.exit_code == 0, searched.stderr
    answer = json.loads(searched.stdout)
    best = json.loads((out / "best.json").read_text("utf-8"))
    assert answer == {**best, "out": str(out)}
    assert len(Cell.from_json(json.dumps(best["architecture"])).nodes) == 3
    assert best["strategy"] == strategy
    with (out / "rewards.csv").open(encoding="utf-8") as stream:
        assert {row["epoch"] for row in csv.DictReader(stream)} == {"0", "1"}
    assert {"best.png", "rewards.png"} <= {path.name for path in out.iterdir()}

    drawn = run("arch", "draw", "--space", "enas_cell", "--architecture", out / "best.json",
                "--out", tmp_path / "cell.png")  # fmt: skip
    assert drawn.exit_code == 0, drawn.stderr
    train = ["train", "lm", "--space", "enas_cell", "--architecture", out / "best.json",
             "--corpus", text, "--epochs", 1, "--embedding", 8, "--hidden", 8,
             "--layers", 1, "--bptt", 10,
             "--out", tmp_path / "trained", "--json"]  # fmt: skip
    refused = run(*train)
    assert refused.exit_code == 2
    assert "take 'trained'" in refused.stderr
    assert not (tmp_path / "trained").exists()
    trained = run(*train, "--weight-drop", "trained")
    assert trained.exit_code == 0, trained.stderr
    assert json.loads(trained.stdout)["status"] == "OK"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--strategy", "enas", "--space", "rnn_cell", "--corpus", "pydoc-small"],
            "--space emd_cell or --space enas_cell or --space encoder or --space textnas",
        ),
        (
            ["--strategy", "random", "--space", "enas_cell", "--corpus", "ptb"],
            "unknown one-shot strategy 'random'; known: darts",
        ),
        (
            ["--strategy", "enas", "--space", "enas_cell", "--data", "ptb", "--teacher", "x"],
            "cells of enas_cell are trained on a corpus, without teacher",
        ),
        (
            ["--strategy", "enas", "--space", "enas_cell", "--corpus", "nowhere"],
            "unknown corpus 'nowhere'",
        ),
    ],
)
def test_errors(options: list[str], message: str, tmp_path: Path) -> None:
    refused = run("one-shot", *options, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.fixture
def moods(tmp_path: Path) -> Path:
    """Tables with custom labels."""
    folder = tmp_path / "moods"
    folder.mkdir()
    rows = [f"so {word} today {i}\t{word}" for i in range(12) for word in ("glad", "sad", "mad")]
    for part in ("train", "dev", "test"):
        text = "\n".join(["review\tcategory", *rows]) + "\n"
        (folder / f"{part}.tsv").write_text(text, "utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["textnas_enas", "darts"])
def test_best_classifier_is_trained_from_scratch(
    strategy: str, moods: Path, tmp_path: Path
) -> None:
    out = tmp_path / "found"
    options = ["--space", "textnas", "--strategy", strategy, "--data", moods, "--seed", 3]
    sizes = ["--epochs", 2, "--layers", 4, "--width", 8, "--batch-size", 12]
    searched = run("one-shot", *options, *sizes, "--out", out, "--json")
    assert searched.exit_code == 0, searched.stderr
    best = json.loads((out / "best.json").read_text("utf-8"))
    assert json.loads(searched.stdout) == {**best, "out": str(out)}
    assert 0 <= best["dev_accuracy"] <= 1
    assert (best["data"], best["strategy"], best["seed"]) == ("moods", strategy, 3)
    assert len(best["architecture"]["layers"]) == 4
    again = run("one-shot", *options, *sizes, "--out", out)  # already finished: same output
    assert again.exit_code == 0, again.stderr
    assert best["canonical_key"] in again.stdout
    other = run("one-shot", *options, *sizes, "--epochs", 3, "--out", out)
    assert other.exit_code == 2
    assert "holds a search with other options" in other.stderr
    trained = run("train", "classifier", "--space", "textnas", "--architecture", out / "best.json",
                  "--data", moods, "--width", 8, "--epochs", 1, "--out", tmp_path / "trained",
                  "--final", "--json")  # fmt: skip
    assert trained.exit_code == 0, trained.stderr
    assert json.loads(trained.stdout)["test_accuracy"] is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--strategy", "darts"], "darts does not search the space encoder"),
        (["--strategy", "kd_emd"], "kd_emd does not search the space encoder"),
        (["--strategy", "enas", "--width", "16"], "the space has no setting 'width'"),
    ],
)
def test_errors_of_encoders(options: list[str], message: str, tmp_path: Path) -> None:
    words = ["--space", "encoder", "--data", "docstrings", *options]
    refused = run("one-shot", *words, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "docstrings", "--nodes", "4"], "the space has no setting 'nodes'"),
        (["--data", "docstrings", "--width", "6"], "the width must be a multiple of 4"),
        (["--data", "nowhere"], "unknown labelled set 'nowhere'"),
    ],
)
def test_errors_of_textnas(options: list[str], message: str, tmp_path: Path) -> None:
    words = ["--space", "textnas", "--strategy", "textnas_enas", *options]
    refused = run("one-shot", *words, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_error_for_damaged_table_has_file_and_line(moods: Path, tmp_path: Path) -> None:
    with (moods / "dev.tsv").open("a", encoding="utf-8") as file:
        file.write("so glad\tcontent\n")
    words = ["--space", "textnas", "--strategy", "darts", "--data", moods]
    refused = run("one-shot", *words, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert "dev.tsv:38: the label 'content' is not among those of train" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_error_for_cell_of_another_space(tmp_path: Path) -> None:
    best = {"space": "enas_cell", "architecture": {"nodes": [[0, "tanh"]]}}
    (tmp_path / "best.json").write_text(json.dumps(best), "utf-8")
    refused = run("arch", "show", "--space", "rnn_cell", "--architecture", tmp_path / "best.json")
    assert refused.exit_code == 2
    assert "give --space enas_cell" in refused.stderr


@pytest.mark.slow
def test_a_full_disk_is_one_error(text: Path, tmp_path: Path) -> None:
    """Simulated by a limit on the size of files."""
    command = [sys.executable, "-c", "from nni_nlp_bench.cli.app import main; main()", "one-shot"]
    command += ["--space", "enas_cell", "--strategy", "darts", "--corpus", str(text)]
    command += ["--epochs", "2", "--nodes", "3", "--width", "8", "--out", str(tmp_path / "out")]
    failed = subprocess.run(
        ["bash", "-c", f"ulimit -f 8; {shlex.join(command)}"],
        capture_output=True,
        text=True,
        check=False,
    )
    message = f"error: cannot write into {tmp_path / 'out'}: File too large\n"
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.endswith(message)
    assert "Traceback" not in failed.stderr
