"""`report` on an output folder of `compare`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from in_process import run

from nni_nlp_bench.testing import synthetic_table


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    synthetic_table(60).save(folder / "synthetic")
    options = ("--benchmark", folder / "synthetic", "--restrict", "--strategies", "random,grid")
    done = run("compare", *options, "--trials", 8, "--seeds", 2, "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_text_output(compared: Path, tmp_path: Path) -> None:
    done = run("report", compared, "--out", tmp_path / "report.html")
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    assert "All 32 evaluations are results of trained networks, from synthetic." in words
    assert "and 2 strategies share 2 seeds" in words
    assert done.stdout.endswith(f"report  {tmp_path / 'report.html'}\n")
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


def test_json_output_agrees_with_compare(compared: Path, tmp_path: Path) -> None:
    done = run("report", compared, compared, "--out", tmp_path / "report.html", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (section,) = json.loads(done.stdout)["sections"]
    assert section["counts"] == {
        "evaluations": 32,
        "measured": 32,
        "predicted": 0,
        "failed": section["counts"]["failed"],
        "replaced": 0,
    }
    assert section["friedman"] is None
    with (compared / "summary.csv").open(newline="", encoding="utf-8") as file:
        summaries = list(csv.DictReader(file))
    for row in section["ranking"]:
        rows = [s for s in summaries if s["strategy"] == row["strategy"]]
        for column in ("regret", "simulated_hours"):
            assert row[column] == pytest.approx(sum(float(s[column]) for s in rows) / 2)


def test_errors(compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for place, out in (
        ("unknown1", "report.html"),
        (tmp_path / "empty", "report.html"),
        ("http://127.0.0.1:9", "report.html"),
        (compared, "file/report.html"),
        (compared, "empty"),
    ):
        done = run("report", place, "--out", tmp_path / out)
        assert (done.returncode, done.stdout) == (2, ""), place
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]
