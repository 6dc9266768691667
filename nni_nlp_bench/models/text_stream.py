"""Streams of texts to predict: plain text, CSV, TSV and JSON Lines, read row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO, get_args

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.parse_json import parse_json
from nni_nlp_bench.data.reading import LineError
from nni_nlp_bench.data.sentences.tables.columns import TEXT_COLUMNS
from nni_nlp_bench.models.base import Prediction, Text, is_unicode

Format = Literal["text", "csv", "tsv", "jsonl"]
MAX_LINE_BYTES = 2**24
LABEL, PROBABILITY, PROBABILITIES = "predicted_label", "predicted_probability", "probabilities"
_SUFFIXES: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row of an input."""

    fields: Mapping[str, Any]
    """Its fields by name; of plain text only `text`."""
    text: Text


def format_of(path: Path) -> Format:
    """Return the format of a file by its suffix: plain text unless it is a known one."""
    return _SUFFIXES.get(path.suffix.lower(), "text")


class TextReader:
    """Reads rows from a stream; nothing is read ahead of the row that is asked for.

    Args:
        stream: Bytes in UTF-8.
        source: Name of the stream in error messages.
        format: Format of the stream.
        columns: Names of one or two columns of texts; empty to find the one with a usual name.

    Raises:
        UserError: The stream is not text, is damaged, or has no such column.
    """

    def __init__(
        self, stream: BinaryIO, source: str, format: Format, columns: Sequence[str] = ()
    ) -> None:
        if format not in get_args(Format):
            raise UserError(f"format must be one of {', '.join(get_args(Format))}, got {format!r}")
        if format == "text" and columns:
            raise UserError("plain text has no columns: give --format csv, tsv or jsonl")
        self._lines = _lines(stream, source)
        self._source, self._format, self._columns = source, format, tuple(columns)
        self._records = None if format in ("text", "jsonl") else self._table()
        self.header: tuple[str, ...] = ()
        """Names of the columns of a table; empty for other formats."""
        if self._records is not None:
            self._read_header()

    def __iter__(self) -> Iterator[TextRow]:
        """Yield the rows. Raises UserError for a damaged one."""
        if self._records is not None:
            for number, record in self._records:
                if len(record) != len(self.header):
                    counts = f"{len(record)} fields, the header has {len(self.header)}"
                    raise LineError(self._source, number, f"the line has {counts}")
                yield self._row(number, dict(zip(self.header, record, strict=True)))
            return
        for number, line in self._lines:
            if self._format == "text":
                text = _without_end(line)
                yield TextRow({"text": text}, text)
            elif line.strip():
                yield self._row(number, self._object(number, line))

    def _row(self, number: int, fields: dict[str, Any]) -> TextRow:
        if not self._columns:
            self._columns = (_text_column(self._source, list(fields)),)
        for name in self._columns:
            if name not in fields:
                known = ", ".join(map(repr, fields))[:200]
                raise LineError(self._source, number, f"no column {name!r}; there are {known}")
            if not isinstance(fields[name], str):
                raise LineError(self._source, number, f"{name!r} must be a string")
        for name in (LABEL, PROBABILITY) if self.header else (LABEL, PROBABILITY, PROBABILITIES):
            if name in fields:
                raise LineError(self._source, number, f"has a field {name!r} already: rename it")
        texts = [fields[name] for name in self._columns]
        return TextRow(fields, texts[0] if len(texts) == 1 else (texts[0], texts[1]))

    def _read_header(self) -> None:
        assert self._records is not None
        first = next(self._records, None)
        if first is None:
            raise UserError(f"{self._source} is empty: it has no header")
        self.header = tuple(first[1])
        if len(set(self.header)) < len(self.header):
            raise LineError(self._source, first[0], "two columns have the same name")
        self._row(first[0], dict.fromkeys(self.header, ""))  # names the columns that are missing

    def _table(self) -> Iterator[tuple[int, list[str]]]:
        if self._format == "tsv":  # quotation marks are text, as in GLUE
            yield from ((number, _without_end(line).split("\t")) for number, line in self._lines)
            return
        number = 1
        records = csv.reader((line for _, line in self._lines), strict=True)
        try:
            for record in records:
                if record:  # a line without anything is no row, as for csv.DictReader
                    yield number, record
                number = records.line_num + 1
        except csv.Error as error:
            fault = f"invalid CSV ({error}): is a quotation mark missing or not closed?"
            raise LineError(self._source, number, fault) from None

    def _object(self, number: int, line: str) -> dict[str, Any]:
        try:
            found = parse_json(line)
        except ValueError as error:
            raise LineError(self._source, number, f"expected a JSON object: {error}") from None
        if not isinstance(found, dict):
            raise LineError(self._source, number, f"expected a JSON object, got {line[:40]!r}")
        if not is_unicode(json.dumps(found, ensure_ascii=False)):
            raise LineError(self._source, number, "half a surrogate pair, so it is not text")
        return found


class PredictionWriter:
    """Writes rows with predictions: tables as tables, other formats as JSON Lines."""

    def __init__(self, stream: TextIO, format: Format, header: Sequence[str]) -> None:
        self._stream = stream
        self._separator = {"csv": ",", "tsv": "\t"}.get(format)
        if self._separator is not None:
            self._write_table([*header, LABEL, PROBABILITY])
            self.flush()

    def write(self, row: TextRow, prediction: Prediction | None) -> None:
        """Write one row; None for a text without words, which gets no label."""
        if self._separator is None:
            values: dict[str, Any] = {LABEL: None}
            if prediction is not None:
                values = {
                    LABEL: prediction.label,
                    PROBABILITY: prediction.probability,
                    PROBABILITIES: prediction.probabilities,
                }
            self._stream.write(json.dumps({**row.fields, **values}, ensure_ascii=False) + "\n")
            return
        label, probability = ("", "")
        if prediction is not None:
            label, probability = prediction.label, f"{prediction.probability:.6f}"
        self._write_table([*row.fields.values(), label, probability])

    def flush(self) -> None:
        """Flush what was written."""
        self._stream.flush()

    def _write_table(self, fields: Sequence[str]) -> None:
        if self._separator == "\t":
            if any(character in field for field in fields for character in "\t\n"):
                raise UserError("a label has a tab or a line end, which TSV cannot hold: use CSV")
            self._stream.write("\t".join(fields) + "\n")
        else:
            # By default it quotes no carriage return, which a reader takes for the end of a row.
            if any("\r" in field for field in fields):
                csv.writer(self._stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(
                    fields
                )
            else:
                csv.writer(self._stream, lineterminator="\n").writerow(fields)


def _text_column(source: str, names: Sequence[str]) -> str:
    known = [name for name in names if name.strip().lower() in TEXT_COLUMNS]
    if len(known) == 1:
        return known[0]
    has = ", ".join(map(repr, names))[:200] or "nothing"
    raise UserError(f"{source}: which column is the text? give --text NAME; there are {has}")


def _lines(stream: BinaryIO, source: str) -> Iterator[tuple[int, str]]:
    """Yield numbered lines. Raises UserError for what is not text."""
    for number, line in enumerate(iter(lambda: _read_line(stream, source), b""), start=1):
        if len(line) > MAX_LINE_BYTES:
            raise LineError(source, number, f"longer than {MAX_LINE_BYTES:,} bytes")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            fault = f"not UTF-8 text ({error.reason}): convert it"
            raise LineError(source, number, fault) from None
        if "\0" in text:
            raise LineError(source, number, "contains a NUL byte, so it is not text")
        if text:  # else there is only a byte order mark
            yield number, text


def _read_line(stream: BinaryIO, source: str) -> bytes:
    try:
        return stream.readline(MAX_LINE_BYTES + 1)
    except OSError as error:
        raise UserError(f"cannot read {source}: {error.strerror or error}") from None


def _without_end(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")
