"""File formats of tables, by suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.tables.base import Table
from nni_nlp_bench.data.sentences.tables.parquet import parquet_table
from nni_nlp_bench.data.sentences.tables.text_files import csv_table, jsonl_table, tsv_table

_TEXTS: Mapping[str, Callable[[Path], Table]] = {
    ".tsv": tsv_table,
    ".csv": csv_table,
    ".jsonl": jsonl_table,
    ".ndjson": jsonl_table,
}
_TABLES = {
    **_TEXTS,
    **{f"{suffix}.gz": table for suffix, table in _TEXTS.items()},
    ".parquet": parquet_table,
}
TABLE_SUFFIXES = tuple(_TABLES)
FORMATS = ".csv, .tsv, .jsonl, .ndjson (also .gz) or .parquet"


def has_table_suffix(file: Path) -> bool:
    """Return whether the name of the file ends with the suffix of a table."""
    return _suffix(file) is not None


def open_table(file: Path) -> Table:
    """Open a table in the format that its suffix names. Raises UserError."""
    suffix = _suffix(file)
    if suffix is None:
        raise UserError(f"{file} has no suffix of a table: give {FORMATS}")
    return _TABLES[suffix](file)


def _suffix(file: Path) -> str | None:
    return next((suffix for suffix in _TABLES if file.name.lower().endswith(suffix)), None)
