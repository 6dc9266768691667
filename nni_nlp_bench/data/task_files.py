"""Readers of the file formats of GLUE tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.core.parse_json import parse_json
from nni_nlp_bench.data.reading import LineError, numbered_lines

MRPC_HEADER = ("Quality", "#1 ID", "#2 ID", "#1 String", "#2 String")
SST2_HEADER = ("sentence", "label")


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled sentence or pair of a file."""

    line: int
    first: str
    second: str | None
    """None if the task labels single sentences."""
    label: str


def read_rte(file: Path) -> Iterator[Row]:
    """Read SuperGLUE's RTE: one JSON object per line with premise, hypothesis and label."""
    for number, line in numbered_lines(file):
        try:
            found = parse_json(line)
        except ValueError as error:
            raise LineError(file, number, f"expected a JSON object: {error}") from None
        if not isinstance(found, dict):
            raise LineError(file, number, f"expected a JSON object, got {line[:40]!r}")
        values = [found.get(key) for key in ("premise", "hypothesis", "label")]
        if not all(isinstance(value, str) for value in values):
            raise LineError(file, number, "premise, hypothesis and label must be texts")
        premise, hypothesis, label = map(str, values)
        yield Row(number, premise, hypothesis, label)


def read_mrpc(file: Path) -> Iterator[Row]:
    """Read Microsoft's paraphrase corpus: a header, then the label, two ids and two sentences."""
    for number, fields in _tabbed(file, MRPC_HEADER):
        yield Row(number, fields[3], fields[4], fields[0])


def read_sst2(file: Path) -> Iterator[Row]:
    """Read GLUE's SST-2: a header, then a phrase and its label."""
    for number, fields in _tabbed(file, SST2_HEADER):
        yield Row(number, fields[0], None, fields[1])


def read_cola(file: Path) -> Iterator[Row]:
    """Read CoLA, without a header: source, label, original mark, sentence."""
    for number, line in numbered_lines(file):
        fields = _fields(file, number, line, 4)
        yield Row(number, fields[3], None, fields[1])


def _tabbed(file: Path, header: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Read the rows below the header. Quotation marks are text: fields are not quoted."""
    for number, line in numbered_lines(file):
        fields = _fields(file, number, line, len(header))
        if number > 1:
            yield number, fields
        elif fields != list(header):
            raise LineError(file, number, f"expected the header {' '.join(header)!r}")


def _fields(file: Path, number: int, line: str, count: int) -> list[str]:
    fields = line.split("\t")
    if len(fields) != count:
        raise LineError(file, number, f"expected {count} fields between tabs, got {len(fields)}")
    return fields
