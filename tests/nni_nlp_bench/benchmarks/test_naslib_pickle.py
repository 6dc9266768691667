"""NASLib's pickled table: its keys, and malicious pickles, which run nothing."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.exporters import export_naslib_pickle
from nni_nlp_bench.benchmarks.importers import import_benchmark, plain_pickle
from nni_nlp_bench.benchmarks.importers.naslib_pickle import read_naslib_pickle
from nni_nlp_bench.benchmarks.importers.plain_pickle import Pairs, read_plain_pickle
from nni_nlp_bench.benchmarks.importers.reading import no_progress
from nni_nlp_bench.benchmarks.naslib_compact import (
    compact,
    order_is_determined,
    published_by_compact,
    recipe_by_position,
)
from nni_nlp_bench.benchmarks.table import Table
from search_spaces.rnn_cell import published_ids, published_recipe

RNN, LSTM, GRU = (published_recipe(1000000 + i) for i in range(3))
CURVES = {
    "train_losses": [5.0, 4.0],
    "val_losses": [5.5, 4.5],
    "test_losses": [5.25, 4.25],
    "wall_times": [10, 11.0],
}


def dumped(path: Path, value: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    return path


def test_keys_are_those_of_naslib() -> None:
    # From NASLib's convert_recipe_to_compact: whatever has h_new in its name counts as hidden.
    assert compact(RNN) == (((0, 4), (1, 4), (4, 5)), (0, 0, 0, 0, 6, 2), (5,))
    assert compact(LSTM)[2] == (12, 13, 14, 15, 16)


@pytest.mark.slow
def test_published_order_of_results_is_found_again() -> None:
    by_compact = published_by_compact()
    distinct = {key for key, cells in by_compact.items() if len(cells) == 1}
    wrong = {
        key
        for key in distinct
        if order_is_determined(key) and recipe_by_position(key) != by_compact[key][0]
    }
    assert wrong == set()
    assert len(by_compact) - len(distinct) == 1
    assert by_compact[compact(LSTM)] == (LSTM,)


@pytest.mark.parametrize("protocol", range(5))
def test_every_protocol_is_read(protocol: int, tmp_path: Path) -> None:
    source = dumped(tmp_path / "t.pickle", {compact(RNN): CURVES, compact(GRU): CURVES}, protocol)
    reading = read_naslib_pickle(source, epochs=2)
    assert [run.architecture for run in reading.runs] == [RNN, GRU]
    assert reading.skipped == ()
    (run, _) = reading.runs
    assert run.test_loss is not None and run.test_loss.tolist() == [5.25, 4.25]
    assert run.wall_time_s is not None and run.wall_time_s.tolist() == [10.0, 11.0]
    assert run.status == "OK"


@pytest.mark.slow
def test_published_runs_survive_export_and_import(wikitext2: Table, tmp_path: Path) -> None:
    report = export_naslib_pickle(wikitext2, tmp_path / "nb_nlp.pickle")
    with (tmp_path / "nb_nlp.pickle").open("rb") as stream:
        plain = pickle.load(stream)
    assert len(plain) == report.written
    assert plain[compact(LSTM)]["test_losses"] == wikitext2.curve(LSTM).test_loss.tolist()
    lost = "\n".join(report.lost)
    assert "further runs" in lost and "h_new_0" in lost and "statuses" in lost
    imported = import_benchmark(
        tmp_path / "nb_nlp.pickle", "naslib", tmp_path / "table", dataset="wikitext-2"
    )
    (skipped,) = imported.skipped
    assert skipped.reason == "its key stands for 2 different published cells"
    back = Table.load(tmp_path / "table")
    assert set(back.architectures()) <= set(wikitext2.architectures())
    assert len(back) == report.written - 1
    for architecture in back.architectures():
        curves = [wikitext2.curve(architecture, i) for i in wikitext2.seeds(architecture)]
        first = next(curve for curve in curves if curve.status == "OK")
        for name in ("train_loss", "val_loss", "test_loss", "wall_time_s"):
            np.testing.assert_array_equal(
                getattr(first, name), getattr(back.curve(architecture), name)
            )


@pytest.mark.slow
def test_export_needs_curves_and_whole_runs(small_table: Table, tmp_path: Path) -> None:
    report = export_naslib_pickle(small_table, tmp_path / "t.pickle")
    assert report.written == 3
    assert "1 cells of which no run finished" in report.lost
    reading = read_naslib_pickle(tmp_path / "t.pickle", epochs=4)
    lstm = next(run for run in reading.runs if run.architecture == LSTM)
    assert lstm.val_loss is not None and lstm.val_loss.tolist() == [4.0, 3.0, 2.0, 1.0]


def test_short_or_diverged_entries_are_not_ok(tmp_path: Path) -> None:
    diverged = CURVES | {"test_losses": [5.0, float("nan")]}
    source = dumped(tmp_path / "t.pickle", {compact(RNN): CURVES, compact(GRU): diverged})
    assert read_naslib_pickle(source, epochs=2).runs[0].status == "OK"
    assert read_naslib_pickle(source, epochs=2).runs[1].status.startswith("broke off")
    for run in read_naslib_pickle(source, epochs=3).runs:
        assert run.status.startswith("broke off")


BAD_ENTRIES: list[tuple[Any, Any, str]] = [
    ("key", CURVES, "not (edges, ops, hiddens)"),
    (((), (), ()), CURVES, "h_new_0"),
    ((((0, 99),), (0, 0, 0, 0, 6), (4,)), CURVES, "out of range"),
    ((((0, 4),), (0, 0, 0, 0, 8), (4,)), CURVES, "out of range"),
    ((((0, 4),), (0, 0, 0, 0, 6), (4, 4)), CURVES, "out of range"),
    ((((0, 4, 5),), (0, 0, 0, 0, 6), (4,)), CURVES, "malformed"),
    ((((0, 4),), (0, 0, 0, 0, 6.0), (4,)), CURVES, "out of range"),
    ((((0, 4),) * 101, (0, 0, 0, 0, 6), (4,)), CURVES, "too many"),
    (compact(GRU), 5, "not a dictionary of losses"),
    (compact(GRU), CURVES | {"val_losses": [1.0]}, "epochs recorded differ"),
    (compact(GRU), {"train_losses": [1.0]}, "val_losses is missing"),
    (compact(GRU), CURVES | {"val_losses": [1.0, "2"]}, "must hold numbers"),
]


@pytest.mark.parametrize(("key", "value", "reason"), BAD_ENTRIES)
def test_one_bad_entry_is_named_and_skipped(
    key: Any, value: Any, reason: str, tmp_path: Path
) -> None:
    source = dumped(tmp_path / "t.pickle", {compact(RNN): CURVES, key: value})
    reading = read_naslib_pickle(source, epochs=2)
    assert [run.architecture for run in reading.runs] == [RNN]
    (skipped,) = reading.skipped
    assert skipped.name == "entry 000001" and reason in skipped.reason


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_calls_runs_nothing(protocol: int, tmp_path: Path) -> None:
    marker = tmp_path / "was-here"
    source = dumped(tmp_path / "t.pickle", {compact(RNN): Hostile(marker)}, protocol)
    with pytest.raises(BenchmarkError, match="is not allowed"):
        import_benchmark(source, "naslib", tmp_path / "table")
    assert not marker.exists() and not (tmp_path / "table").exists()


def test_hostile_structures_end_soon(tmp_path: Path) -> None:
    def fails(content: bytes, message: str) -> None:
        (tmp_path / "t.pickle").write_bytes(content)
        with pytest.raises(BenchmarkError, match=message):
            import_benchmark(tmp_path / "t.pickle", "naslib", tmp_path / "table")

    deep = b"\x80\x04})" + b"\x85" * 200_000 + b"K\x01s."
    fails(deep, "nothing to import")
    doubled = b"\x80\x04})" + b"q\x00h\x00\x86" * 100 + b"K\x01s."
    fails(doubled, "nothing to import")
    fails(b"\x80\x04\x8a\xff" + b"\x01" * 255 + b".", "holds no dictionary")
    fails(b"I" + b"9" * 5000 + b"\n.", "not a pickle of plain values")
    fails(b"\x80\x04\x8d" + b"\xff" * 8 + b".", "not a pickle of plain values")
    fails(b"\x80\x04r\xff\xff\xff\xff.", "not a pickle of plain values")
    fails(b"\x80\x04s.", "not a pickle of plain values")
    fails(b"\x80\x04}]aK\x01.", "not a pickle of plain values")
    fails(b"\x80\x04}", "not a pickle of plain values")
    fails(b"", "not a pickle of plain values")


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = dumped(tmp_path / "t.pickle", {compact(RNN): CURVES})
    monkeypatch.setattr(plain_pickle, "MAX_INSTRUCTIONS", 10)
    with pytest.raises(BenchmarkError, match="more than 10 instructions"):
        read_naslib_pickle(source, epochs=2)
    monkeypatch.setattr(plain_pickle, "MAX_BYTES", 10)
    with pytest.raises(BenchmarkError, match="too large: at most 10 bytes"):
        read_naslib_pickle(source, epochs=2)


plain = st.recursive(
    st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)


def with_pairs(value: Any) -> Any:
    if isinstance(value, dict):
        return Pairs((key, with_pairs(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return type(value)(map(with_pairs, value))
    return value


@given(value=plain, protocol=st.integers(0, 5))
def test_plain_values_are_read_as_pickle_reads_them(
    tmp_path_factory: pytest.TempPathFactory, value: Any, protocol: int
) -> None:
    source = dumped(tmp_path_factory.mktemp("plain") / "t.pickle", value, protocol)
    assert read_plain_pickle(source, no_progress) == with_pairs(value)


@pytest.mark.slow
def test_one_key_a_recipe_of_the_published_list() -> None:
    some = [published_recipe(i) for i in published_ids()[::500]]
    assert all(recipe in published_by_compact()[compact(recipe)] for recipe in some)
