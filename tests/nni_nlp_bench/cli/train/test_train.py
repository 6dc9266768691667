"""`train`: table, log, plot, resuming, errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.cli.app import app

pytest.importorskip("torch")

SMALL = ["--embedding", "8", "--hidden", "8", "--layers", "1", "--batch-size", "50"]


def call(out: Path, *more: str, architecture: str = "gru", epochs: int = 2) -> tuple[int, str, str]:
    words = ["--architecture", architecture, "--corpus", "pydoc-small", "--out", str(out)]
    command = ["train", "lm", *words, "--epochs", str(epochs), *SMALL, *more]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.stdout, result.stderr


def test_training_writes_table_log_and_plot(tmp_path: Path) -> None:
    out = tmp_path / "gru"
    code, stdout, stderr = call(out)
    assert (code, stderr) == (0, "")
    assert "weight drop: release" in stdout
    assert stdout.count("\n") > 5
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    (run,) = read_release_logs(_logs(out)).runs
    assert (run.recipe_id, run.length, run.dataset) == (1000002, 2, "pydoc-small")


def _logs(out: Path) -> Path:
    folder = out / "logs"
    folder.mkdir()
    for path in out.glob("log_*.json"):
        path.rename(folder / path.name)
    return folder


@pytest.mark.slow
def test_training_is_resumed_and_json(tmp_path: Path) -> None:
    call(tmp_path, epochs=1)
    code, stdout, _ = call(tmp_path, "--json", epochs=2)
    assert code == 0
    curves = json.loads(stdout)
    assert len(curves["val_losses"]) == 2
    assert curves["status"] == "OK"
    whole = json.loads(call(tmp_path / "whole", "--json", epochs=2)[1])
    assert curves["test_losses"] == whole["test_losses"]


@pytest.mark.parametrize(
    ("architecture", "more", "message"),
    [
        ("gruu", (), "unknown architecture 'gruu'"),
        ("gru", ("--corpus", "nowhere"), "unknown corpus 'nowhere'"),
        ("gru", ("--learning-rate", "0"), "learning_rate must be above 0, got 0.0"),
        ("gru", ("--device", "tpu"), "device 'tpu' cannot be used: "),
        ("gru", ("--device", "cuda:99"), "device 'cuda:99' cannot be used: "),
        (
            "gru",
            ("--batch-size", "9000"),
            "tokens, too few for 9000 columns",
        ),
    ],
)
def test_errors(tmp_path: Path, architecture: str, more: tuple[str, ...], message: str) -> None:
    code, stdout, stderr = call(tmp_path / "out", *more, architecture=architecture)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr


@pytest.mark.slow
def test_error_for_other_training_in_the_folder(tmp_path: Path) -> None:
    call(tmp_path)
    code, _, stderr = call(tmp_path, "--seed", "1")
    assert code == 2
    expected = f"{tmp_path} holds a training with other options (seed); choose another --out"
    assert stderr == f"error: {expected}\n"


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Tables in which a colour determines the label."""
    folder = tmp_path / "colours"
    folder.mkdir()
    rows = [f"{c} is it,{label}" for label, c in (("warm", "red"), ("cold", "blue"))] * 30
    for part in ("train", "dev", "test"):
        (folder / f"{part}.csv").write_text("\n".join(["text,label", *rows]) + "\n", "utf-8")
    return folder


def classify(colours: Path, out: Path, *more: object) -> tuple[int, str, str]:
    words = ["--space", "textnas", "--architecture", "published", "--data", colours, "--out", out]
    sizes = ["--width", 8, "--epochs", 2, "--batch-size", 16]
    command = [str(word) for word in ("train", "classifier", *words, *sizes, *more)]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.stdout, result.stderr


def test_classifier_of_textnas(colours: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, stdout, stderr = classify(colours, out)
    assert (code, stderr) == (0, "")
    assert "vectors: random, 300 wide" in stdout
    assert stdout.count(" % ") == 2  # one accuracy per epoch
    assert "test " not in stdout
    assert {"checkpoint.pt", "curve.png", "curves.json", "vocabulary.txt"} <= {
        path.name for path in out.iterdir()
    }
    code, stdout, _ = classify(colours, out, "--json")  # already finished
    assert code == 0
    curves = json.loads(stdout)
    assert len(curves["dev_accuracies"]) == 2
    code, _, stderr = classify(colours, out, "--final")
    assert code == 2
    assert "holds a training with other options" in stderr


def test_final_training_is_evaluated_on_test(colours: Path, tmp_path: Path) -> None:
    code, stdout, _ = classify(colours, tmp_path / "out", "--final")
    assert code == 0
    assert "accuracy " in stdout and " %, F1 " in stdout
    assert " %, trained on train and dev" in stdout
    assert " % " not in stdout  # no dev accuracies


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--space", "rnn_cell"), "networks of rnn_cell do not classify sentences"),
        (("--cells", "2"), "--cells does not apply to space textnas"),
        (("--data", "nowhere"), "unknown labelled set 'nowhere'"),
        (("--data", "nowhere.csv"), "cannot read nowhere.csv: No such file or directory"),
        (("--vectors", "nowhere"), "unknown vectors 'nowhere'"),
        (("--architecture", "0 5 | 1 9 0"), "layer 1"),
        (("--width", "6"), "the width must be a multiple of 4"),
        (("--dropout", "1"), "dropout must be in [0, 1)"),
        (("--device", "tpu"), "device 'tpu' cannot be used: "),
    ],
)
def test_errors_of_classifiers(
    colours: Path, tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    code, stdout, stderr = classify(colours, tmp_path / "out", *more)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr
    assert not (tmp_path / "out").exists()


def test_a_classifier_whose_time_is_over_says_what_it_learned_from(tmp_path: Path) -> None:
    words = ["--space", "emd_cell", "--architecture", "example", "--data", "docstrings"]
    sizes = ["--width", "4", "--cells", "1", "--time", "0.001s", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["train", "classifier", *words, *sizes])
    assert (result.exit_code, result.stderr) == (0, "")
    first, *_ = result.stdout.splitlines()
    assert re.fullmatch(r"texts   500 of [\d,]+: not one epoch of all fits into --time", first)
    assert "stopped the time was over before the last epoch ended\n" in result.stdout
    assert json.loads((tmp_path / "out" / "plan.json").read_text("utf-8"))["epochs"] == 1


def test_a_language_model_of_which_no_epoch_fits_is_refused(tmp_path: Path) -> None:
    code, stdout, stderr = call(tmp_path / "out", "--time", "0.001s")
    assert (code, stdout) == (2, "")
    assert re.fullmatch(r"error: one epoch takes about \d+ s here, longer than .*\n", stderr)
