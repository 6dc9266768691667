"""Import of NNI's `nlp.db`: the SQLite file that `nni.nas.benchmark.nlp` reads.

Its schema (nni/nas/benchmark/nlp/schema.py) makes one configuration of each log, stores statistics
of finished runs only, and NaN as NULL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from itertools import groupby
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.importers.reading import Progress, Reading, Skipped, no_progress
from nni_nlp_bench.benchmarks.nni_architecture import recipe_of_flat
from nni_nlp_bench.benchmarks.training_run import Series, SeriesByName, TrainingRun
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.sqlite import connect_read_only, limited

FAILED = "failed (nlp.db holds no statistics)"
TABLES = ("nlptrialconfig", "nlptrialstats", "nlpintermediatestats")
VALUES = "train_loss, val_loss, test_loss, training_time"
TRIALS = f"""
    SELECT config.id, config.arch, config.dataset, stats.id, {VALUES}
    FROM nlptrialconfig AS config LEFT JOIN nlptrialstats AS stats ON stats.config_id = config.id
    ORDER BY config.id, stats.id
"""
EPOCHS = f"""
    SELECT trial_id, current_epoch, {VALUES}
    FROM nlpintermediatestats ORDER BY trial_id, current_epoch
"""


def read_nni_db(source: Path, progress: Progress = no_progress) -> Reading:
    """Read all configurations of an `nlp.db`; those without statistics are failed runs.

    Raises BenchmarkError if the file is damaged or has another schema.
    """
    try:
        with closing(connect_read_only(source, BenchmarkError)) as database:
            _check_schema(source, database)
            return _read(database, progress)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise BenchmarkError(f"{source} cannot be read as NNI's nlp.db: {error}") from error


def _check_schema(source: Path, database: sqlite3.Connection) -> None:
    # A view of one of these names could run any query: only tables are read.
    found = {
        name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
    }
    for table in TABLES:
        if table not in found:
            raise BenchmarkError(f"{source} is not NNI's nlp.db: it has no table {table}")


def _read(database: sqlite3.Connection, progress: Progress) -> Reading:
    curves = dict(_curves(database))
    recipe = cache(recipe_of_flat)
    trials = list(limited(database.execute(TRIALS)))
    runs: list[TrainingRun] = []
    skipped: list[Skipped] = []
    for done, (config, arch, dataset, trial, *final) in enumerate(trials, start=1):
        if type(config) is not int or type(trial) not in (int, NoneType):
            raise BenchmarkError("the ids of an nlp.db must be whole numbers")
        name = f"configuration {config:08d}" + ("" if trial is None else f", trial {trial:08d}")
        try:
            if not isinstance(arch, str) or not isinstance(dataset, str):
                raise BenchmarkError("its architecture and data set must be text")
            runs.append(
                TrainingRun(
                    architecture=recipe(arch),
                    name=name,
                    dataset=dataset,
                    status=OK if trial is not None else FAILED,
                    **_series(trial, final, curves),
                )
            )
        except UserError as error:
            skipped.append(Skipped(name, str(error)))
        progress(done, len(trials))
    return Reading(tuple(runs), tuple(skipped), _notes(runs), has_curves=bool(curves))


def _curves(database: sqlite3.Connection) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    for trial, rows in groupby(limited(database.execute(EPOCHS)), key=lambda row: row[0]):
        yield trial, [row[1:] for row in rows]


def _series(
    trial: int | None, final: list[Any], curves: dict[int, list[tuple[Any, ...]]]
) -> SeriesByName:
    """Return the series of one trial, or its final losses if the file has no curves."""
    if trial is None:
        return _columns([])
    if not curves:
        # training_time is the time of the last epoch, so the whole time is unknown.
        return {**_columns([(None, *final)]), "wall_time_s": None}
    rows = curves.get(trial)
    if rows is None:
        raise BenchmarkError("it has final statistics but no epochs")
    if [row[0] for row in rows] != list(range(1, len(rows) + 1)):
        raise BenchmarkError("its epochs must count from 1 without gaps")
    return _columns(rows)


def _columns(rows: list[tuple[Any, ...]]) -> SeriesByName:
    """Convert rows of epoch, losses and time to series; NULL becomes NaN."""

    def column(i: int) -> Series:
        values = [row[i] for row in rows]
        if not all(value is None or type(value) in (int, float) for value in values):
            raise BenchmarkError("its statistics must be numbers or NULL")
        return np.array([np.nan if value is None else value for value in values], np.float64)

    return SeriesByName(
        train_loss=column(1), val_loss=column(2), test_loss=column(3), wall_time_s=column(4)
    )


def _notes(runs: list[TrainingRun]) -> tuple[str, ...]:
    failed = sum(run.status == FAILED for run in runs)
    notes = ["recipe ids, parameter counts and the order of nodes are not in this format"]
    if failed:
        notes.append(f"{failed} runs have no statistics: their epochs are not in this format")
    return tuple(notes)
