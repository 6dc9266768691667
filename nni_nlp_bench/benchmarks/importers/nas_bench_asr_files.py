"""Files of NAS-Bench-ASR's release: what a header says, and the rows by the release's hash.

A file is two pickles in a row: a header, with the names of the columns, and a list of rows.
Source: github.com/SamsungLabs/nb-asr, release 1.1.0.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.numpy_pickle import NumpyMachine
from nni_nlp_bench.benchmarks.importers.plain_pickle import Pairs, read_plain_pickles
from nni_nlp_bench.benchmarks.importers.reading import Progress
from search_spaces.asr_cell.architecture import OPS

HASH = "model_hash"
Row = dict[str, Any]


def read_rows(
    path: Path, columns: Collection[str], expected: dict[str, Any], progress: Progress
) -> dict[str, Row]:
    """Return the rows of a file by the hash of their model.

    Args:
        path: The file.
        columns: Names of the columns that it must have, besides the hash.
        expected: What its header says if it says it at all, such as the seed.
        progress: Called with the bytes read.

    Raises:
        BenchmarkError: The file is no such file, or has two rows of one model.
    """
    header, rows = read_plain_pickles(path, 2, progress, NumpyMachine)
    names = _columns(path, header, expected)
    if missing := [name for name in (HASH, *columns) if name not in names]:
        raise BenchmarkError(
            f"{path} has no column {missing[0]!r}; its columns: {', '.join(names)}"
        )
    if type(rows) is not list or not rows:
        raise BenchmarkError(f"{path} has no rows after its header")
    by_hash: dict[str, Row] = {}
    for number, row in enumerate(rows):
        if type(row) not in (list, tuple) or len(row) != len(names):
            raise BenchmarkError(
                f"{path}: row {number} has not the {len(names)} columns of the header"
            )
        named = dict(zip(names, row, strict=True))
        model = named[HASH]
        if type(model) is not str or model in by_hash:
            raise BenchmarkError(f"{path}: row {number} has no hash, or that of another row")
        by_hash[model] = named
    return by_hash


def _columns(path: Path, header: Any, expected: dict[str, Any]) -> list[str]:
    """Return the names of the columns. Raises BenchmarkError for a header that says otherwise."""
    if type(header) is not Pairs or not all(type(key) is str for key, _ in header):
        raise BenchmarkError(f"{path} is no file of NAS-Bench-ASR: it begins with no header")
    said = dict(header)
    names = said.get("columns")
    if type(names) is not list or not all(type(name) is str for name in names):
        raise BenchmarkError(f"{path} is no file of NAS-Bench-ASR: its header has no columns")
    for name, value in expected.items():
        if name in said and said[name] != value:
            raise BenchmarkError(f"{path}: its header has another {name} than {value}")
    space = said.get("search_space")
    ops = dict(space).get("ops") if type(space) is Pairs else None
    if ops is not None and ops != list(OPS):
        raise BenchmarkError(f"{path}: its operations are not those of the space asr_cell")
    return names


def number(row: Row, column: str, most: float) -> float:
    """Return a number of a row, from 0 to `most`. Raises BenchmarkError for anything else."""
    value = row[column]
    if type(value) not in (int, float) or not 0 <= value <= most:
        raise BenchmarkError(f"its {column} is no number from 0 to {most:g}")
    return float(value)
