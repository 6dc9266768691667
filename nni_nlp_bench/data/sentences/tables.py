"""Labelled texts in TSV, CSV and JSON lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.parse_json import parse_json
from nni_nlp_bench.data.reading import LineError, numbered_lines
from nni_nlp_bench.data.sentences.rows import Row, checked_row, columns_of


def read_tsv(file: Path) -> Iterator[Row]:
    """Read TSV with a header. Quotation marks are text, as in GLUE."""
    yield from _table(file, ((i, line.split("\t")) for i, line in numbered_lines(file)))


def read_csv(file: Path) -> Iterator[Row]:
    """Read CSV with a header and optional quoting."""
    yield from _table(file, _csv_records(file))


def read_jsonl(file: Path) -> Iterator[Row]:
    """Read JSON lines; the first object determines the names of both fields."""
    names: tuple[str, str] | None = None
    for number, line in numbered_lines(file):
        values = _object(file, number, line)
        if names is None:
            keys = list(values)
            text, label = columns_of(f"{file}:{number}", keys)
            names = keys[text], keys[label]
        missing = [name for name in names if name not in values]
        if missing:
            raise LineError(file, number, f"the object has no {missing[0]!r}, the first one has")
        yield checked_row(file, number, *(values[name] for name in names))


def _table(file: Path, records: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    number, header = next(records)
    text, label = columns_of(f"{file}:{number}", header)
    for number, fields in records:
        if len(fields) != len(header):
            counts = f"{len(fields)} fields, the header has {len(header)}"
            raise LineError(file, number, f"the line has {counts}")
        yield checked_row(file, number, fields[text], fields[label])


def _csv_records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield records with their first line number: quoted fields may contain newlines."""
    records = csv.reader((f"{line}\n" for _, line in numbered_lines(file)), strict=True)
    number = 1
    try:
        for fields in records:
            yield number, fields
            number = records.line_num + 1
    except csv.Error as error:
        fault = f"invalid CSV ({error}): is a quotation mark missing or not closed?"
        raise LineError(file, number, fault) from None


def _object(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        found = parse_json(line)
    except ValueError as error:
        raise LineError(file, number, f"expected a JSON object: {error}") from None
    if not isinstance(found, dict):
        raise LineError(file, number, f"expected a JSON object, got {line[:40]!r}")
    return found
