"""Export to NNI's `nlp.db`, as `nni.nas.benchmark.nlp` reads it from $NASBENCHMARK_DIR."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.exporters.writing import ExportReport, new_file
from nni_nlp_bench.benchmarks.nni_architecture import flat_architecture
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import SERIES

LOSSES = "train_loss REAL, val_loss REAL, test_loss REAL, training_time REAL"
SCHEMA = f"""
    CREATE TABLE nlptrialconfig (
        id INTEGER NOT NULL PRIMARY KEY, arch JSON NOT NULL, dataset VARCHAR(15) NOT NULL
    );
    CREATE TABLE nlptrialstats (
        id INTEGER NOT NULL PRIMARY KEY,
        config_id INTEGER NOT NULL REFERENCES nlptrialconfig (id), {LOSSES}
    );
    CREATE TABLE nlpintermediatestats (
        id INTEGER NOT NULL PRIMARY KEY,
        trial_id INTEGER NOT NULL REFERENCES nlptrialstats (id),
        current_epoch INTEGER NOT NULL, {LOSSES}
    );
    CREATE INDEX nlptrialconfig_arch ON nlptrialconfig (arch);
    CREATE INDEX nlptrialconfig_dataset ON nlptrialconfig (dataset);
    CREATE INDEX nlptrialstats_config_id ON nlptrialstats (config_id);
    CREATE INDEX nlpintermediatestats_trial_id ON nlpintermediatestats (trial_id);
    CREATE INDEX nlpintermediatestats_current_epoch ON nlpintermediatestats (current_epoch);
"""
# peewee writes JSON through SQLite's json(), and queries compare its text.
CONFIG = "INSERT INTO nlptrialconfig VALUES (?, json(?), ?)"
STATS = "INSERT INTO nlptrialstats VALUES (?, ?, ?, ?, ?, ?)"
EPOCH = "INSERT INTO nlpintermediatestats VALUES (NULL, ?, ?, ?, ?, ?, ?)"
MAX_DATASET_CHARACTERS = 15


def export_nni_db(table: Table, path: Path, overwrite: bool = False) -> ExportReport:
    """Write a table of recurrent cells as `nlp.db`: one configuration per run, as in NNI.

    Raises UserError, without writing anything, if the table cannot be exported or the disk is full.
    """
    dataset = table.metadata.dataset
    if table.space_name != "rnn_cell":
        raise BenchmarkError(f"nlp.db holds recurrent cells, not the space {table.space_name}")
    if not dataset or len(dataset) > MAX_DATASET_CHARACTERS:
        raise BenchmarkError(f"nlp.db needs a data set such as ptb, {table.name} has {dataset!r}")
    with new_file(path, overwrite) as new:
        try:
            with closing(sqlite3.connect(new)) as database:
                database.execute("PRAGMA journal_mode = OFF")
                database.executescript(SCHEMA)
                written = sum(_write(database, table, dataset, *run) for run in _runs(table))
                database.commit()
        except sqlite3.Error as error:
            raise BenchmarkError(f"cannot write {path}: {error}") from error
    return ExportReport(written, tuple(_lost(table, written)))


def _runs(table: Table) -> Iterator[tuple[int, dict[str, str], str, list[tuple[Any, ...]]]]:
    """Yield index, architecture, status and epochs of each run."""
    arrays = table.arrays
    run = 0
    for architecture in table.architectures():
        flat = flat_architecture(architecture)
        for _ in table.seeds(architecture):
            length = int(arrays["epochs_done"][run])
            columns = length if table.has_curves else min(length, 1)
            series = [
                arrays[name][run, :columns].tolist() if name in arrays else [None] * columns
                for name in SERIES
            ]
            status = table.metadata.statuses[arrays["statuses"][run]]
            run += 1
            yield run, flat, status, list(zip(*series, strict=True))


def _write(
    database: sqlite3.Connection,
    table: Table,
    dataset: str,
    run: int,
    flat: dict[str, str],
    status: str,
    epochs: list[tuple[Any, ...]],
) -> bool:
    """Write one run; return False if only its configuration could be written."""
    database.execute(CONFIG, (run, json.dumps(flat, sort_keys=True), dataset))
    if status != OK or not epochs:
        return False
    database.execute(STATS, (run, run, *epochs[-1]))
    if table.has_curves:
        database.executemany(EPOCH, ((run, i, *row) for i, row in enumerate(epochs, start=1)))
    return True


def _lost(table: Table, written: int) -> Iterator[str]:
    metadata = table.metadata
    if written < metadata.runs:
        broken = metadata.runs - written
        yield f"losses of {broken} runs that broke off: only their cells are written"
    if (table.arrays["run_ids"] >= 0).any() or (table.arrays["num_params"] >= 0).any():
        yield "recipe ids and parameter counts"
    if table.metrics:
        yield f"the metrics {', '.join(metric.name for metric in table.metrics)}"
    if metadata.distinct_recipes > metadata.architectures:
        merged = metadata.distinct_recipes - metadata.architectures
        yield f"{merged} other ways to write the same cells: all runs of a cell have its first text"
    missing = [name for name in SERIES if name not in metadata.recorded]
    if missing:
        yield f"that {', '.join(missing)} were never recorded: NULL is NaN there"
