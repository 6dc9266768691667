"""A search resumes from its journal as if it had never stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
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
    content = journal.read_text()
    lines = content.splitlines(keepends=True)
    journal.write_text("".join(lines[:11]) + lines[11][: len(lines[11]) // 2])
    resumed, asked = search(journal)
    assert asked == 30
    assert [t.score for t in resumed] == [t.score for t in whole]
    assert journal.read_text() == content


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


def without(lines: list[bytes], index: int) -> list[bytes]:
    return lines[:index] + lines[index + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: without(lines, 7),
        lambda lines: without(lines, -2),
        lambda lines: [*lines[:7], lines[8], lines[7], *lines[9:]],
        lambda lines: [*lines[:7], changed_time(lines[7]), *lines[8:]],
        lambda lines: [lines[0], lines[-1]],
        lambda lines: [*lines[:-1], b'{"finished":true}\n'],
    ],
    ids=["a lost line", "the last one lost", "order", "a number", "all lost", "no checksum"],
)
def test_a_finished_journal_that_was_changed_is_refused(
    tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    journal = tmp_path / "a.jsonl"
    search(journal)
    journal.write_bytes(b"".join(damage(journal.read_bytes().splitlines(keepends=True))))
    with pytest.raises(JournalError, match=r"its checksum is wrong.*delete it to start over"):
        search(journal)


def changed_time(line: bytes) -> bytes:
    value = json.loads(line)
    value["result"]["wall_time_s"] += 1e-9
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def test_a_search_that_lost_its_end_mark_is_resumed(tmp_path: Path) -> None:
    journal = tmp_path / "a.jsonl"
    search(journal)
    whole = journal.read_bytes()
    journal.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]) + b"\0" * 100)
    _, asked = search(journal)
    assert asked == 0
    assert journal.read_bytes() == whole


def test_other_data_under_the_same_name_is_refused(tmp_path: Path) -> None:
    search(tmp_path / "a.jsonl", stop_at=None)
    other = CountingTable()
    other.arrays = {**other.arrays, "val_loss": other.arrays["val_loss"] + 1e-9}
    with pytest.raises(JournalError, match="other data of synthetic"):
        run_search(other, SEARCH, journal_path=tmp_path / "a.jsonl")


HEADER = json.dumps({"format": 3, "benchmark": "synthetic", "data": CountingTable().digest})


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"\xff\xfe",
        b"\0\0\0",
        b"[" * 100_000,
        b"[1, 2]",
        b"7",
        b"{}",
        b'{"arch": 5, "asked_s": 0, "result": {}}',
        b'{"arch": "no base 85 text \\u00e4", "asked_s": 0, "result": {}}',
        b'{"arch": "c$Vb%s", "asked_s": 0, "result": {}}',
    ],
    ids=lambda line: line[:20].decode("latin-1"),
)
def test_a_damaged_journal_is_refused(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(HEADER.encode() + b"\n" + line + b"\n")
    with pytest.raises(JournalError, match="line 2, is damaged: delete the file to start over"):
        search(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    "result", [7, {"loss": 1.0}, {"val_loss": "low"}, {"status": None}], ids=str
)
def test_a_damaged_result_is_refused(tmp_path: Path, result: Any) -> None:
    journal = tmp_path / "a.jsonl"
    search(journal)
    lines = journal.read_text().splitlines()
    line = {**json.loads(lines[1]), "result": result}
    journal.write_text(f"{lines[0]}\n{json.dumps(line)}\n")
    with pytest.raises(JournalError, match="line 2, is damaged"):
        search(journal)


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"cannot read .*: Is a directory"):
        search(tmp_path)


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
