"""Import of CSV files (also .gz) of architectures with their final test losses."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

import numpy as np

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.importers.reading import Progress, Reading, Skipped, no_progress
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.training_run import MAX_WHOLE, TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import open_input
from nni_nlp_bench.core.numbers import parse_number
from search_spaces.base import Architecture
from search_spaces.registry import get_space

MAX_CHARACTERS = 2**27
MAX_LINE = 2**20
MAX_ROWS = 1_000_000
NOT_FINITE = "loss is not finite"


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """Names of the columns, None for missing ones, and the values of missing columns."""

    recipe: str = "recipe"
    test_loss: str = "test_loss"
    """Parse a number; an empty field is NaN, as in pandas."""
    recipe_id: str | None = "recipe_id"
    num_params: str | None = "num_params"
    space: str = "rnn_cell"
    unit: LossUnit = LossUnit.NATS
    metrics: tuple[Objective, ...] = ()
    """Metrics, each in the column of its name; an empty field is an unknown value."""


def read_csv_table(
    source: Path, columns: CsvColumns | None = None, progress: Progress = no_progress
) -> Reading:
    """Read all rows; a row without a finite loss is a failed run.

    Raises BenchmarkError if the file is damaged, too large or lacks a column.
    """
    columns = columns or CsvColumns()
    try:
        rows = csv.DictReader(_lines(source), strict=True)
        _check_header(source, columns, rows.fieldnames or ())
        table = list(islice(rows, MAX_ROWS + 1))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise BenchmarkError(f"{source} cannot be read as CSV: {error}") from error
    if len(table) > MAX_ROWS:
        raise BenchmarkError(f"{source} is too large: at most {MAX_ROWS:,} rows are read")
    parse = cache(get_space(columns.space).parse)
    runs: list[TrainingRun] = []
    skipped: list[Skipped] = []
    for number, row in enumerate(table, start=1):
        name = f"row {number:08d}"
        try:
            runs.append(_run(name, row, columns, parse))
        except UserError as error:
            skipped.append(Skipped(name, str(error)))
        progress(number, len(table))
    notes = ["only the test loss of the last epoch is known: no curve, no time, no validation loss"]
    if broken := sum(run.status == NOT_FINITE for run in runs):
        notes.append(f"{broken} rows without a finite loss are runs that broke off")
    return Reading(
        tuple(runs),
        tuple(skipped),
        tuple(notes),
        has_curves=False,
        space=columns.space,
        unit=columns.unit,
        metrics=columns.metrics,
    )


def _lines(source: Path) -> Iterator[str]:
    left = MAX_CHARACTERS
    with open_input(source, BenchmarkError) as raw:
        content = gzip.GzipFile(fileobj=raw) if source.suffix == ".gz" else raw
        stream = TextIOWrapper(content, encoding="utf-8", newline="")
        while line := stream.readline(MAX_LINE):
            left -= len(line)
            if len(line) == MAX_LINE or left < 0:
                raise BenchmarkError(
                    f"{source} is too large: at most {MAX_CHARACTERS:,} characters in all and "
                    f"{MAX_LINE:,} a line"
                )
            yield line


def _check_header(source: Path, columns: CsvColumns, found: Sequence[str]) -> None:
    named = (columns.recipe, columns.test_loss, columns.recipe_id, columns.num_params)
    for column in (*named, *(metric.name for metric in columns.metrics)):
        if column is not None and column not in found:
            names = ", ".join(found) or "none"
            raise BenchmarkError(f"{source} has no column {column!r}; its columns: {names}")
    if twice := [name for name, count in Counter(found).items() if count > 1]:
        raise BenchmarkError(f"{source} has the column {twice[0][:40]!r} more than once")


def _run(
    name: str, row: dict[str, str], columns: CsvColumns, parse: Callable[[str], Architecture]
) -> TrainingRun:
    # DictReader puts surplus fields under None, and None in place of absent ones.
    if None in row or None in row.values():
        raise BenchmarkError("it has more or fewer fields than the header")
    loss = _number(row, columns.test_loss) if row[columns.test_loss] else math.nan
    return TrainingRun(
        architecture=parse(row[columns.recipe]),
        name=name,
        test_loss=np.array([loss]),
        status=OK if math.isfinite(loss) else NOT_FINITE,
        recipe_id=None if columns.recipe_id is None else _whole(row, columns.recipe_id),
        num_params=None if columns.num_params is None else _whole(row, columns.num_params),
        metrics={m.name: _number(row, m.name) for m in columns.metrics if row[m.name]},
    )


def _number(row: dict[str, str], column: str) -> float:
    try:
        return parse_number(row[column])
    except ValueError:
        raise BenchmarkError(f"{column} must be a number, got {row[column][:40]!r}") from None


def _whole(row: dict[str, str], column: str) -> int:
    number = _number(row, column)
    if not (number.is_integer() and 0 <= number < MAX_WHOLE):
        raise BenchmarkError(f"{column} must be a whole number, got {row[column][:40]!r}")
    return int(number)
