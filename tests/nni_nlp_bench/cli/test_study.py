"""`study` on tables with and without learning curves."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from in_process import run

from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.testing import synthetic_table
from search_spaces.registry import get_space


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("table") / "synthetic"
    synthetic_table(40).save(folder)
    return folder


@pytest.fixture(scope="module")
def finals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Table with final test losses only."""
    space, rng = get_space("rnn_cell"), np.random.default_rng(0)
    runs = [
        TrainingRun(
            architecture=space.sample(rng), name=f"row {i}", test_loss=np.array([4.0 + i / 10])
        )
        for i in range(30)
    ]
    folder = tmp_path_factory.mktemp("table") / "finals"
    made = Table.from_runs(runs, name="finals", space="rnn_cell", epochs=50, has_curves=False)
    made.save(folder)
    return folder


def study(table: Path, out: Path, *options: object) -> subprocess.CompletedProcess[str]:
    return run("study", "--benchmark", table, "--out", out, "--processes", 1, *options)


def reported(folder: Path, page: Path) -> str:
    """Return the HTML report of the folder."""
    done = run("report", folder, "--out", page)
    assert done.returncode == 0, done.stderr
    return page.read_text("utf-8")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_study_writes_results_and_resumes(table: Path, tmp_path: Path) -> None:
    options = ("--strategies", "random,random_fifth", "--seeds", 3, "--trainings", 4)
    first = study(table, tmp_path / "out", *options, "--json")
    assert first.returncode == 0, first.stderr
    output = json.loads(first.stdout)
    assert (output["cost"]["unit"], output["left_out"]) == ("simulated hours", {})
    trials = rows(tmp_path / "out/trials.csv")
    by_search: dict[tuple[str, str], list[str]] = {}
    for row in trials:
        by_search.setdefault((row["strategy"], row["seed"]), []).append(row["canonical_key"])
    assert len({tuple(keys) for keys in by_search.values()}) == 6
    short = {row["epoch"] for row in trials if row["strategy"] == "random_fifth"}
    assert short == {"2"}
    results = rows(tmp_path / "out/study.csv")
    for result in results:
        if result["share"] != "1.0":
            continue
        ended = [
            [
                float(row["regret"])
                for row in trials
                if (row["strategy"], row["seed"]) == (result["method"], seed)
                and float(row["simulated_end_h"]) <= output["cost"]["limit"]
            ][-1]
            for seed in "012"
        ]
        assert float(result["regret"]) == pytest.approx(fmean(ended))
        assert float(result["low"]) <= fmean(ended) <= float(result["high"])
    journal = tmp_path / "out/journals/random_fifth-1.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:5]))
    (tmp_path / "out/study.csv").unlink()
    again = study(table, tmp_path / "out", *options)
    assert again.returncode == 0, again.stderr
    assert journal.read_text().splitlines(keepends=True) == lines
    assert rows(tmp_path / "out/study.csv") == results


def test_notes_on_missing_data(finals: Path, tmp_path: Path) -> None:
    options = ("--strategies", "random,hyperband,random_fifth", "--seeds", 2, "--trainings", 4)
    done = study(finals, tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (left_out,) = [line for line in lines if line.startswith("left out: ")]
    assert left_out.startswith("left out: hyperband, random_fifth: finals has no learning curves")
    assert any("the searches minimise the test loss itself" in line for line in lines)
    assert any("cost is measured in full trainings" in line for line in lines)
    assert [row["cost"] for row in rows(tmp_path / "out/study.csv")] == ["1.0", "2.0", "3.0", "4.0"]
    assert len(rows(tmp_path / "out/trials.csv")) == 2 * 4
    page = reported(tmp_path / "out", tmp_path / "page.html")
    assert "Left out: hyperband, random_fifth: finals has no learning curves" in page


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--strategies", "random,magic"),
            "unknown strategy 'magic'; known: area, asha, ",
        ),
        (
            ("--strategies", "hyperband"),
            "no strategy can run: left out: hyperband: finals has no learning curves",
        ),
    ],
)
def test_errors(finals: Path, tmp_path: Path, options: tuple[str, str], message: str) -> None:
    failed = study(finals, tmp_path / "out", *options)
    assert failed.returncode == 2, failed.stderr
    assert message in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
