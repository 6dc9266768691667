"""`search` and `compare` on a table."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from in_process import run

from nni_nlp_bench.testing import synthetic_table

COMMAND = [str(Path(sys.executable).with_name("nni-nlp-bench"))]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("table") / "synthetic"
    synthetic_table(80).save(folder)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_several_objectives(table: Path, tmp_path: Path) -> None:
    options = ("--benchmark", table, "--objectives", "val_loss,parameters", "--trials", 20)
    out = tmp_path / "out"
    both = (*options, "--strategies", "random,nsga2", "--seeds", 2, "--out", out)
    text = run("compare", *both)
    assert text.returncode == 0, text.stderr
    assert "HV %" in text.stdout and "Pareto front of all searches" in text.stdout
    report = json.loads(run("compare", *both, "--json").stdout)
    front = [(row["val_loss"], row["parameters"]) for row in report["pareto_front"]]
    assert front == sorted(front)
    found = {(row["strategy"], row["seed"]) for row in rows(out / "front.csv")}
    assert found == {(name, seed) for name in ("random", "nsga2") for seed in "01"}
    other = run("search", *options, "--strategy", "tpe", "--out", tmp_path / "tpe")
    assert (other.returncode, other.stdout) == (2, "")
    assert "'tpe' optimises at most 1 objective" in other.stderr


def test_constraints(table: Path, tmp_path: Path) -> None:
    options = ("--benchmark", table, "--strategy", "local_search", "--trials", 20)
    out = tmp_path / "out"
    found = run("search", *options, "--constraint", "parameters<=9e6", "--out", out)
    assert found.returncode == 0, found.stderr
    assert "parameters<=9e6" in found.stdout
    space = synthetic_table(80).space
    cells = [space.parse(row["architecture"]) for row in rows(out / "trials.csv")]
    assert max(int(space.describe(cell)["parameters"]) for cell in cells) <= 9_000_000
    wrong = run("search", *options, "--constraint", "loss<3", "--out", tmp_path / "wrong")
    assert wrong.returncode == 2
    assert "write NAME<=NUMBER" in wrong.stderr


def test_compare_writes_results_and_resumes(table: Path, tmp_path: Path) -> None:
    options = ("--benchmark", table, "--strategies", "random,hyperband", "--restrict")
    options = (*options, "--trials", 20, "--seeds", 2, "--out", tmp_path / "out")
    first = run("compare", *options, "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert {row["strategy"] for row in report["ranking"]} == {"random", "hyperband"}
    assert report["budget"].endswith("simulated hours, the cost of 20 full trainings")
    trials = rows(tmp_path / "out/trials.csv")
    hours: dict[tuple[str, str], float] = {}
    for row in trials:
        key, end = (row["strategy"], row["seed"]), float(row["simulated_end_h"])
        hours[key] = max(hours.get(key, 0), end)
    assert len(hours) == 4
    assert max(hours.values()) - min(hours.values()) < 9 * 100 / 3600, "one training at most"
    assert {row["origin"] for row in trials} == {"measured"}
    assert len(rows(tmp_path / "out/summary.csv")) == 4
    best = json.loads((tmp_path / "out/best.json").read_text())
    lowest = min(float(row["val_loss"]) for row in trials if row["status"] == "OK")
    assert best["result"]["val_loss"] == pytest.approx(lowest)
    assert best["result"]["origin"] == "measured"
    assert (tmp_path / "out/curve.png").read_bytes().startswith(b"\x89PNG")
    again = run("compare", *options, "--json")
    assert json.loads(again.stdout) == report
    assert rows(tmp_path / "out/trials.csv") == trials


def processes_below(pid: int) -> list[Path]:
    """Return the /proc folders of the child processes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path("/proc") / child for child in children]


def test_one_folder_takes_one_search_at_a_time(tmp_path: Path) -> None:
    options = ("--strategy", "tpe", "--trials", 500, "--seeds", 2, "--processes", 2)
    command = [*COMMAND, "search", *options, "--out", tmp_path / "out"]
    first = subprocess.Popen([str(c) for c in command], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 240
    while not (tmp_path / "out/journals/tpe-0.jsonl").exists():
        assert first.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    second = run("search", *options, "--out", tmp_path / "out")
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "another process is writing into" in second.stderr
    workers = processes_below(first.pid)
    assert workers
    first.kill()
    first.wait()
    while any(path.exists() for path in workers):
        assert time.monotonic() < until, "a worker outlives the command"
        time.sleep(0.05)


@pytest.mark.slow
def test_error_for_full_disk(table: Path, tmp_path: Path) -> None:
    """Simulated by a limit on the size of files."""
    options = ("--benchmark", table, "--strategy", "random", "--restrict", "--json", "--trials", 20)
    command = [*COMMAND, "search", *(str(o) for o in options), "--out", str(tmp_path / "out")]
    limited = ["bash", "-c", f"ulimit -f 4; {shlex.join(command)}"]
    failed = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert failed.returncode == 2, failed.stderr
    assert (failed.stdout, failed.stderr.count("\n")) == ("", 1)
    assert "random-0.jsonl: " in failed.stderr
    finished = run("search", *options, "--out", tmp_path / "out")
    assert finished.returncode == 0, finished.stderr
    assert len(rows(tmp_path / "out/trials.csv")) == 20


def test_error_for_other_options(table: Path, tmp_path: Path) -> None:
    options = (
        "--benchmark",
        table,
        "--strategy",
        "random",
        "--restrict",
        "--out",
        tmp_path / "out",
    )
    assert run("search", *options, "--trials", 3).returncode == 0
    refused = run("search", *options, "--trials", 4)
    assert refused.returncode == 2
    assert "other options (settings.budget.evaluations)" in refused.stderr
    assert len(rows(tmp_path / "out/trials.csv")) == 3


def test_error_for_a_table_imported_again_with_other_losses(table: Path, tmp_path: Path) -> None:
    shutil.copytree(table, tmp_path / "table")
    options = ("--benchmark", tmp_path / "table", "--strategy", "random", "--trials", 3)
    options = (*options, "--out", tmp_path / "out")
    assert run("search", *options).returncode == 0
    before = rows(tmp_path / "out/trials.csv")
    losses = np.load(tmp_path / "table/val_loss.npy")
    np.save(tmp_path / "table/val_loss.npy", losses + 0.1)
    refused = run("search", *options)
    assert refused.returncode == 2
    assert "other options (benchmark_data)" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert rows(tmp_path / "out/trials.csv") == before


@pytest.mark.slow
def test_interrupted_search_is_resumed(table: Path, tmp_path: Path) -> None:
    """Interrupt a long search with SIGINT, then run the same command again."""
    options = ("--benchmark", table, "--strategy", "bayesian", "--on-missing", "nearest")
    command = [*COMMAND, "search", *options, "--trials", "60", "--out", tmp_path / "out"]
    journal = tmp_path / "out/journals/bayesian-0.jsonl"
    process = subprocess.Popen(
        [str(c) for c in command],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored in background jobs
    )
    until = time.monotonic() + 240
    while not (journal.exists() and journal.read_text().count("\n") >= 25):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors
    done = journal.read_text().count("\n")
    assert 25 <= done < 60
    assert not (tmp_path / "out/trials.csv").exists()
    before = journal.read_text()
    assert run("search", *options, "--trials", 60, "--out", tmp_path / "out").returncode == 0
    assert journal.read_text().startswith(before)
    assert len(rows(tmp_path / "out/trials.csv")) == 60


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--strategy": "magic"}, "unknown strategy 'magic'; known: area, asha, "),
        (
            {"--space": "magic"},
            "unknown search space 'magic'; known: asr_cell, emd_cell, enas_cell, encoder",
        ),
        ({"--benchmark": "magic"}, "magic"),
        ({"--strategy": "grid", "--restrict": None, "--no-restrict": True}, "restrict"),
        ({"--hours": "0"}, "0.0 hours"),
        ({"--out": __file__}, "not a folder"),
    ],
)
def test_errors(table: Path, tmp_path: Path, changes: dict[str, str | None], message: str) -> None:
    options: dict[str, object] = {
        "--benchmark": table,
        "--strategy": "random",
        "--out": tmp_path / "out",
        "--restrict": True,
    }
    options |= changes
    arguments = [
        part
        for name, value in options.items()
        if value is not None
        for part in ([name] if value is True else [name, value])
    ]
    failed = run("search", *arguments)
    assert failed.returncode == 2, failed.stderr
    assert message in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_error_for_missing_architecture(table: Path, tmp_path: Path) -> None:
    options = ("--benchmark", table, "--strategy", "random", "--no-restrict", "--seed", 7)
    failed = run("search", *options, "--out", tmp_path / "out")
    assert failed.returncode == 2
    assert (failed.stdout, failed.stderr.count("\n")) == ("", 1)
    assert "nearest" in failed.stderr


def test_restricted_search_ends_with_the_table(table: Path, tmp_path: Path) -> None:
    options = ("--benchmark", table, "--strategy", "random", "--trials", 2000)
    done = run("search", *options, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "1 of 1 searches ended early: every architecture of the table" in done.stdout
    trials = rows(tmp_path / "out/trials.csv")
    assert len({row["canonical_key"] for row in trials}) == len(trials) == len(synthetic_table(80))
