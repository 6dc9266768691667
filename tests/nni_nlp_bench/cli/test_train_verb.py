"""`train`: table, log, plot; it goes on; one line for what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.cli.app import app

SMALL = ["--embedding", "8", "--hidden", "8", "--layers", "1", "--batch-size", "50"]


def call(out: Path, *more: str, architecture: str = "gru", epochs: int = 2) -> tuple[int, str, str]:
    words = ["--architecture", architecture, "--corpus", "pydoc-small", "--out", str(out)]
    command = ["train", *words, "--epochs", str(epochs), *SMALL, *more]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.stdout, result.stderr


def test_a_training_leaves_table_log_and_plot(tmp_path: Path) -> None:
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


def test_the_same_command_goes_on_and_json_is_for_machines(tmp_path: Path) -> None:
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
            "the part 'train' of corpus pydoc-small has 19,640 tokens, too few for 9000 columns",
        ),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path, architecture: str, more: tuple[str, ...], message: str
) -> None:
    code, stdout, stderr = call(tmp_path / "out", *more, architecture=architecture)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr


def test_another_training_in_the_folder_is_refused(tmp_path: Path) -> None:
    call(tmp_path)
    code, _, stderr = call(tmp_path, "--seed", "1")
    assert code == 2
    expected = f"error: {tmp_path} holds a training with other options; choose another --out\n"
    assert stderr == expected
