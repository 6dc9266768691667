"""Names and terminals cannot cost a result: it is on disk before anything is drawn or printed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from in_process import run

from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.cli.output import bar, plain_table, print_tables
from nni_nlp_bench.reports.comparison import ComparisonResult
from nni_nlp_bench.testing import synthetic_table

NAME = r"$\frac{1}$ \$ _^ [/bold] [red]x"
FILES = {"best.json", "curve.png", "journals", "settings.json", "summary.csv", "trials.csv"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with a name that is neither a formula nor markup."""
    made = synthetic_table(30)
    path = tmp_path / "table"
    Table(replace(made.metadata, name=NAME), made.arrays).save(path)
    return path


def search(table: Path, out: Path) -> tuple[object, ...]:
    return ("search", "--benchmark", table, "--strategy", "random", "--trials", 4, "--out", out)


def test_names_are_plain_text_in_plots_and_tables(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "[/red] $x$ é"
    done = run(*search(table, out))
    assert (done.returncode, done.stderr) == (0, "")
    assert NAME in done.stdout
    assert f"plot    {out / 'curve.png'}" in done.stdout
    assert {path.name for path in out.iterdir()} == {*FILES, ".lock"}
    report = run("report", out, "--out", tmp_path / "report.html")
    assert (report.returncode, report.stderr) == (0, "")


@pytest.mark.parametrize("locale", ["ascii", "latin-1"])
def test_a_terminal_that_is_not_utf_8(table: Path, tmp_path: Path, locale: str) -> None:
    out = tmp_path / "é ∞"
    command = [sys.executable, "-c", "from nni_nlp_bench.cli.app import main; main()"]
    done = subprocess.run(
        [*command, *map(str, search(table, out))],
        env={**os.environ, "PYTHONIOENCODING": locale},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u221e" in done.stdout
    assert ("é" in done.stdout.decode(locale)) == (locale == "latin-1")
    assert len(list(csv.reader((out / "trials.csv").open(encoding="utf-8")))) == 1 + 4


def test_a_plot_that_fails_is_one_warning(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: ComparisonResult, path: Path) -> None:
        raise ValueError("no\nsuch font")

    monkeypatch.setattr(ComparisonResult, "plot", fail)
    out = tmp_path / "out"
    done = run(*search(table, out))
    assert done.returncode == 0
    assert caplog.messages == [f"warning: {out / 'curve.png'} is not drawn: no such font"]
    assert "ppl" in done.stdout
    assert "plot  " not in done.stdout
    assert {path.name for path in out.iterdir()} == {*FILES - {"curve.png"}, ".lock"}
    assert json.loads((out / "best.json").read_text("utf-8"))["strategy"] == "random"


def test_the_warning_is_one_line_of_the_command(table: Path, tmp_path: Path) -> None:
    """A folder in the place of the plot."""
    (tmp_path / "out/curve.png").mkdir(parents=True)
    command = [sys.executable, "-c", "from nni_nlp_bench.cli.app import main; main()"]
    done = subprocess.run(
        [*command, *map(str, search(table, tmp_path / "out"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr.startswith("warning: ")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "out/trials.csv").exists()


def test_titles_and_columns_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_tables(plain_table("[/title]", ("[/column]", "[b]"), [("[/cell]", "[i]")]))
    printed = capsys.readouterr().out
    for text in ("[/title]", "[/column]", "[b]", "[/cell]", "[i]"):
        assert text in printed


def test_labels_of_progress_are_no_markup_and_no_format(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with bar("[/red] {0}") as advance:
        advance(1, 2)
    assert "[/red] {0}" in capsys.readouterr().err
