"""CSV files of final test losses."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers import CsvColumns, csv_table, import_benchmark
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info
from nni_nlp_bench.benchmarks.units import LossUnit
from search_spaces.rnn_cell import published_recipe

RNN = published_recipe(1000000)
CELL = RNN.to_json().replace('"', '""')
HEADER = "recipe_id,recipe,num_params,test_loss\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_published_losses(shared: Callable[[str], Path], tmp_path: Path) -> None:
    source = shared("nas-bench-nlp/ptb_multi_run.csv.gz")
    report = import_benchmark(source, "csv", tmp_path / "ptb", dataset="ptb")
    assert (report.read, report.kept, report.skipped) == (9342, 9342, ())
    assert "no curve, no time" in report.notes[0]
    assert "1772 rows without a finite loss" in report.notes[1]
    table = Table.load(tmp_path / "ptb")
    assert (table.objective, table.epochs, table.has_curves) == ("test_loss", 50, False)
    recipe = published_recipe(1000004)
    assert 1000004 in table.recipe_ids(recipe)
    result = table.query(recipe)
    assert result.test_loss == 5.070841669
    assert (result.train_loss, result.val_loss, result.epoch) == (None, None, 50)
    assert math.isnan(result.wall_time_s)
    ids = set(table.arrays["run_ids"].tolist())
    assert len(ids) == 9342
    info = table_info(table)
    assert info.distinct_cells <= info.distinct_recipes < 9342
    assert info.ok == 7570 and info.licence == "not stated"


def test_metrics_are_columns_of_their_names(tmp_path: Path) -> None:
    text = f'cell,loss,latency\n"{CELL}",5.5,12.5\n"{CELL}",5.0,\n"{CELL}",5.0,inf\n'
    latency = Objective("latency", "ms", requires_training=False)
    columns = CsvColumns("cell", "loss", recipe_id=None, num_params=None, metrics=(latency,))
    source = write(tmp_path / "t.csv", text)
    report = import_benchmark(source, "csv", tmp_path / "table", columns=columns, epochs=3)
    assert [entry.reason for entry in report.skipped] == [
        "row 00000003: the latency must be finite, or NaN if unknown"
    ]
    table = Table.load(tmp_path / "table")
    assert [table.query(RNN, seed=seed).metrics for seed in (0, 1)] == [{"latency": 12.5}, {}]
    with pytest.raises(BenchmarkError, match="no column 'memory'"):
        lacking = replace(columns, metrics=(Objective("memory"),))
        import_benchmark(source, "csv", tmp_path / "other", columns=lacking)


def test_columns_have_names_of_choice(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", f'cell,loss\n"{CELL}",5.5\n"{CELL}",nan\n"{CELL}",\n')
    columns = CsvColumns("cell", "loss", recipe_id=None, num_params=None)
    import_benchmark(source, "csv", tmp_path / "table", columns=columns, epochs=3)
    table = Table.load(tmp_path / "table")
    assert [table.query(RNN, seed=seed).status for seed in table.seeds(RNN)] == [
        "OK",
        "loss is not finite",
        "loss is not finite",
    ]
    assert table.query(RNN, epoch=3).test_loss == 5.5
    assert table.recipe_ids(RNN) == ()
    with pytest.raises(BenchmarkError, match="no column 'recipe'; its columns: cell, loss"):
        import_benchmark(source, "csv", tmp_path / "other")


def test_a_space_and_a_unit_of_choice(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", f'recipe,test_loss\n"{CELL}",30.5\n')
    columns = CsvColumns(recipe_id=None, num_params=None, unit=LossUnit.POINTS)
    import_benchmark(source, "csv", tmp_path / "table", columns=columns)
    table = Table.load(tmp_path / "table")
    assert table.unit is LossUnit.POINTS
    assert table_info(table).best_metric == 69.5
    other = replace(columns, space="textnas")
    with pytest.raises(BenchmarkError, match="holds nothing to import"):
        import_benchmark(source, "csv", tmp_path / "other", columns=other)
    with pytest.raises(BenchmarkError, match="columns, space, unit and metrics of its own"):
        import_benchmark(source, "naslib", tmp_path / "other", columns=columns)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f'1000000,"{CELL}",12,low', "test_loss must be a number, got 'low'"),
        (f'1000000,"{CELL}",,5.0', "num_params must be a number"),
        (f'1.5,"{CELL}",12,5.0', "recipe_id must be a whole number"),
        (f'1000000,"{CELL}",1e300,5.0', "num_params must be a whole number"),
        (f'1000000,"{CELL}",-1,5.0', "num_params must be a whole number"),
        (f'1e30,"{CELL}",12,5.0', "recipe_id must be a whole number"),
        (f'1000000,"{CELL}",12,1_000', "test_loss must be a number, got '1_000'"),
        (f'1000000,"{CELL}",12,-3', "a test_loss of -3 is impossible: between 0 and 3.5e"),
        (f'1000000,"{CELL}",12,-1e30', "a test_loss of -1e+30 is impossible"),
        (f'1000000,"{CELL}",12,1e308', "a test_loss of 1e+308 is impossible"),
        ("1000000,lstn,12,5.0", "unknown architecture 'lstn'"),
        ("1000000", "more or fewer fields"),
        (f'1000000,"{CELL}",12,5.0,6.0', "more or fewer fields"),
    ],
)
def test_one_bad_row_is_named_and_skipped(row: str, reason: str, tmp_path: Path) -> None:
    good = f'1000000,"{CELL}",12.0,5.0'
    source = write(tmp_path / "t.csv", f"{HEADER}{good}\n{row}\n")
    report = import_benchmark(source, "csv", tmp_path / "table")
    (skipped,) = report.skipped
    assert report.kept == 1
    assert skipped.name == "row 00000002" and reason in skipped.reason


def test_damaged_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str, content: bytes, message: str) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BenchmarkError, match=message):
            import_benchmark(tmp_path / name, "csv", tmp_path / "table")
        assert not (tmp_path / "table").exists()

    text = f'{HEADER}1000000,"{CELL}",12,5.0\n'.encode()
    fails("half.csv.gz", gzip.compress(text * 100)[:-20], "cannot be read as CSV")
    fails("plain.csv.gz", text, "cannot be read as CSV")
    fails("latin.csv", text + b"\xff\n", "cannot be read as CSV")
    fails("empty.csv", b"", "no column 'recipe'; its columns: none")
    fails("header.csv", HEADER.encode(), "nothing to import")
    fails("line.csv", b"x" * (csv_table.MAX_LINE + 1), "too large")
    monkeypatch.setattr(csv_table, "MAX_CHARACTERS", 10_000)
    fails("bomb.csv.gz", gzip.compress(text * 1000), "too large")


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", f'recipe,test_loss,test_loss\n"{CELL}",5.0,6.0\n')
    columns = CsvColumns(recipe_id=None, num_params=None)
    with pytest.raises(BenchmarkError, match="has the column 'test_loss' more than once"):
        import_benchmark(source, "csv", tmp_path / "table", columns=columns)
    assert not (tmp_path / "table").exists()
