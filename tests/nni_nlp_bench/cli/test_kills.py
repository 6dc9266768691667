"""Commands that are killed at random moments, and run again, end as if nothing had happened."""

from __future__ import annotations

import csv
import json
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from forked import start

from nni_nlp_bench.testing import synthetic_table

KILLS = 2
STRATEGIES = "random,regularized_evolution,hyperband"
SMALL = ("--embedding", "8", "--hidden", "8", "--layers", "1")

pytestmark = pytest.mark.slow


@pytest.fixture
def table(tmp_path: Path) -> str:
    synthetic_table(80).save(tmp_path / "table")
    return str(tmp_path / "table")


@pytest.fixture
def recipes(tmp_path: Path) -> str:
    path = tmp_path / "recipes.jsonl"
    cells = synthetic_table(80).architectures()
    path.write_text("".join(f"{cell.to_json()}\n" for cell in cells), "utf-8")
    return str(path)


@pytest.fixture
def losses(tmp_path: Path) -> str:
    path = tmp_path / "losses.csv"
    cells = synthetic_table(400).architectures()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("recipe_id", "recipe", "num_params", "test_loss"))
        writer.writerows((i, cell.to_json(), 100, 5 + i / 100) for i, cell in enumerate(cells))
    return str(path)


@pytest.fixture
def text(tmp_path: Path) -> str:
    for part in ("train", "valid", "test"):
        (tmp_path / "text").mkdir(exist_ok=True)
        (tmp_path / f"text/{part}.txt").write_text("w0 w1 w2 w3 w4 w5\n" * 12, "utf-8")
    return str(tmp_path / "text")


@pytest.fixture
def sentences(tmp_path: Path) -> str:
    (tmp_path / "sentences").mkdir()
    rows = [f"{word}\tso {word} today w{i}\n" for i in range(16) for word in ("glad", "sad", "mad")]
    for part in ("train", "dev", "test"):
        text = "label\tsentence\n" + "".join(rows)
        (tmp_path / f"sentences/{part}.tsv").write_text(text, "utf-8")
    return str(tmp_path / "sentences")


def test_compare(table: str, tmp_path: Path) -> None:
    options = ("--benchmark", table, "--strategies", STRATEGIES, "--trials", "20", "--seeds", "2")
    check(("compare", *options), tmp_path, "out", seed=1)


def test_search(tmp_path: Path) -> None:
    check(("search", "--strategy", "tpe", "--trials", "60"), tmp_path, "out", seed=2)


def test_score(recipes: str, tmp_path: Path) -> None:
    options = ("--recipes", recipes, "--scores", "naswot", "--corpus", "pydoc-small", *SMALL)
    batch = ("--columns", "5", "--steps", "6", "--workers", "2")
    check(("score", *options, *batch), tmp_path, "scores.csv", seed=3)


def test_import(losses: str, tmp_path: Path) -> None:
    options = ("--format", "csv", "--dataset", "ptb", "--overwrite")
    check(("benchmark", "import", losses, *options), tmp_path, "out/table", seed=4)


def test_train_lm(tmp_path: Path) -> None:
    options = ("--architecture", "gru", "--corpus", "pydoc-small", "--epochs", "3", *SMALL)
    check(("train", "lm", *options, "--batch-size", "50"), tmp_path, "out", seed=5)


def test_one_shot_on_text(text: str, tmp_path: Path) -> None:
    pytest.importorskip("nni")
    options = ("--space", "enas_cell", "--strategy", "enas", "--corpus", text)
    sizes = ("--epochs", "2", "--nodes", "2", "--width", "8", "--batch-size", "4")
    check(("one-shot", *options, *sizes), tmp_path, "out", seed=6)


def test_one_shot_on_sentences(sentences: str, tmp_path: Path) -> None:
    pytest.importorskip("nni")
    options = ("--space", "textnas", "--strategy", "textnas_enas", "--data", sentences)
    sizes = ("--epochs", "3", "--layers", "4", "--width", "8", "--batch-size", "8")
    check(("one-shot", *options, *sizes), tmp_path, "out", seed=7)


def check(arguments: Sequence[str], folder: Path, out: str, seed: int) -> None:
    """Run a command in two folders, in one of them with kills, and compare what it left."""
    output, whole, killed = folder / "output.txt", folder / "whole", folder / "killed"
    for each in (whole, killed):
        each.mkdir()
    begin = time.monotonic()
    run_to_end((*arguments, "--out", str(whole / out)), output)
    duration = time.monotonic() - begin
    rng = random.Random(seed)
    command = (*arguments, "--out", str(killed / out))
    for _ in range(KILLS):
        kill_after(rng.uniform(0.1, 0.9) * duration, command, output)
    run_to_end(command, output)
    assert contents(killed) == contents(whole)


def run_to_end(command: tuple[str, ...], output: Path) -> None:
    process = start(command, output)
    process.join()
    assert process.exitcode == 0, output.read_text("utf-8")


def kill_after(seconds: float, command: tuple[str, ...], output: Path) -> None:
    """Kill the command, and wait for the end of its child processes."""
    process = start(command, output)
    process.join(seconds)
    if process.exitcode is not None:
        assert process.exitcode == 0, output.read_text("utf-8")
        return
    with suppress(psutil.NoSuchProcess):  # it may end now
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.join()
        _, alive = psutil.wait_procs(children, timeout=60)
        assert not alive


def contents(folder: Path) -> dict[str, Any]:
    """Return what the files of a folder hold, as far as it does not depend on the clock."""
    files = (path for path in sorted(folder.rglob("*")) if "tensorboard" not in path.parts)
    return {str(path.relative_to(folder)): _content(path) for path in files}


def _content(path: Path) -> Any:
    if path.is_dir() or path.name.startswith("checkpoint."):
        return None
    if path.name.startswith("log_"):
        log = json.loads(path.read_text("utf-8"))
        return {name: value for name, value in log.items() if "time" not in name}
    return path.read_bytes()
