"""A search resumes from its journal as if it had never stopped."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.benchmarks.base import Result
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.json_lines import JournalError
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search
from nni_nlp_bench.testing import synthetic_table

EVOLUTION, RANDOM = StrategyConfig.of("regularized_evolution"), StrategyConfig.of("random")
SEARCH = Search(EVOLUTION, 1, Settings(budget=Budget(40)))


class StopHereError(Exception):
    """Stands for a crash."""


class CountingTable(Table):
    """A table that counts what it is asked."""

    def __init__(self) -> None:
        table = synthetic_table(60)
        super().__init__(table.metadata, table.arrays)
        self.asked = 0

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        self.asked += 1
        return super().query(architecture, epoch, seed)


def search(
    journal: Path, stop_at: int | None = None, search: Search = SEARCH
) -> tuple[tuple[Trial, ...], int]:
    table = CountingTable()

    def on_trial(trial: Trial) -> None:
        if trial.index == stop_at:
            raise StopHereError

    result = run_search(table, search, journal_path=journal, on_trial=on_trial)
    return result.trials, table.asked


def test_resumes_where_it_stopped(tmp_path: Path) -> None:
    whole, _ = search(tmp_path / "whole.jsonl")
    with pytest.raises(StopHereError):
        search(tmp_path / "cut.jsonl", stop_at=24)
    resumed, asked = search(tmp_path / "cut.jsonl")
    assert asked == 40 - 25
    assert [(t.architecture, t.score, t.end_s) for t in resumed] == [
        (t.architecture, t.score, t.end_s) for t in whole
    ]
    assert (tmp_path / "cut.jsonl").read_text() == (tmp_path / "whole.jsonl").read_text()


def test_a_finished_search_is_read_and_not_run(tmp_path: Path) -> None:
    first, _ = search(tmp_path / "a.jsonl")
    again, asked = search(tmp_path / "a.jsonl")
    assert asked == 0
    assert [t.score for t in again] == [t.score for t in first]


def test_a_line_cut_short_is_dropped(tmp_path: Path) -> None:
    journal = tmp_path / "a.jsonl"
    whole, _ = search(journal)
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:11]) + lines[11][: len(lines[11]) // 2])
    resumed, asked = search(journal)
    assert asked == 30
    assert [t.score for t in resumed] == [t.score for t in whole]


def test_the_journal_of_another_search_is_refused(tmp_path: Path) -> None:
    search(tmp_path / "a.jsonl")
    lines = (tmp_path / "a.jsonl").read_text().splitlines(keepends=True)[:-1]
    (tmp_path / "a.jsonl").write_text("".join(lines))
    with pytest.raises(JournalError, match="line 2: logged by another search"):
        search(tmp_path / "a.jsonl", search=replace(SEARCH, seed=2))


def test_another_length_of_training_is_another_search(tmp_path: Path) -> None:
    """The same architectures in the same order, trained for a part of the epochs."""
    whole = Search(RANDOM, 1, Settings(budget=Budget(5)))
    search(tmp_path / "a.jsonl", search=whole)
    lines = (tmp_path / "a.jsonl").read_text().splitlines(keepends=True)[:-1]
    (tmp_path / "a.jsonl").write_text("".join(lines))
    with pytest.raises(JournalError, match="line 2: logged by another search"):
        search(
            tmp_path / "a.jsonl",
            search=replace(whole, strategy=StrategyConfig.of("random(share=0.5)")),
        )


def test_the_journal_of_another_benchmark_or_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"format":1,"benchmark":"synthetic"}\n')
    with pytest.raises(JournalError, match="written by another version"):
        search(tmp_path / "a.jsonl")


def test_an_evaluation_takes_less_than_400_bytes(tmp_path: Path) -> None:
    """On the surrogate, whose results hold a deviation and whose cells are of any size."""
    journal = tmp_path / "a.jsonl"
    benchmark = load("nas-bench-nlp/ptb-surrogate")
    run_search(benchmark, replace(SEARCH, strategy=RANDOM), journal_path=journal)
    assert journal.stat().st_size / 40 < 400


@pytest.mark.parametrize("content", [b"no json\n{}\n", b"\xff\xfe\n"])
def test_a_damaged_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(JournalError, match="is damaged"):
        search(tmp_path / "a.jsonl")


def test_a_damaged_log_is_one_error(tmp_path: Path) -> None:
    """What Python cannot raise, such as an error while an object goes, it prints."""
    (tmp_path / "a.jsonl").write_bytes(b"no json\n")
    open_log = f"""
from pathlib import Path
from typing import Any
from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines
try:
    JsonLines(Path({str(tmp_path / "a.jsonl")!r}))
except JournalError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", open_log], capture_output=True, text=True)
    assert "is damaged" in done.stdout
    assert done.stderr == ""
