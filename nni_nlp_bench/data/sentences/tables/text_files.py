"""Tables in TSV, CSV and JSON lines, plain or .gz."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.parse_json import parse_json
from nni_nlp_bench.data.reading import LineError, read_lines
from nni_nlp_bench.data.sentences.tables.base import Record, Table


def tsv_table(file: Path) -> Table:
    """Open TSV with a header. Quotation marks are text, as in GLUE. Raises UserError."""
    lines = read_lines(file)

    def records() -> Iterator[tuple[int, list[str]]]:
        return ((i, line.split("\t")) for i, line in enumerate(lines, start=1))

    return _separated(file, records)


def csv_table(file: Path) -> Table:
    """Open CSV with a header and optional quoting. Raises UserError."""
    table = _separated(file, partial(_csv_records, file, read_lines(file)))
    if len(table.columns) == 1 and (mark := next((m for m in ";\t|" if m in table.columns[0]), "")):
        raise UserError(f"{table.header}: columns are separated by {mark!r}: use commas")
    return table


def jsonl_table(file: Path) -> Table:
    """Open JSON lines, whose columns are the keys of the first object. Raises UserError."""
    lines = read_lines(file)
    first = next((i for i, line in enumerate(lines, start=1) if line.strip()), None)
    if first is None:
        raise UserError(f"{file} has only blank lines")
    columns = tuple(_object(file, first, lines[first - 1]))

    def read(places: Sequence[int]) -> Iterator[Record]:
        names = [columns[place] for place in places]
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                yield number, None
                continue
            values = _object(file, number, line)
            if missing := [name for name in names if name not in values]:
                fault = f"the object has no {missing[0][:40]!r}, the first one has"
                raise LineError(file, number, fault)
            yield number, [values[name] for name in names]

    return Table(file, f"{file}:{first}", columns, read)


def _separated(file: Path, records: Callable[[], Iterator[tuple[int, list[str]]]]) -> Table:
    """Make a table of fields; the first record is the header."""
    number, header = next(records())

    def read(places: Sequence[int]) -> Iterator[Record]:
        for number, fields in islice(records(), 1, None):
            if len(fields) == len(header):
                yield number, [fields[place] for place in places]
            elif len(fields) > 1 or "".join(fields).strip():
                counts = f"{len(fields)} fields, the header has {len(header)}"
                raise LineError(file, number, f"the line has {counts}")
            else:
                yield number, None

    return Table(file, f"{file}:{number}", tuple(header), read)


def _csv_records(file: Path, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield records with their first line number: quoted fields may contain newlines."""
    records = csv.reader((f"{line}\n" for line in lines), strict=True)
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
