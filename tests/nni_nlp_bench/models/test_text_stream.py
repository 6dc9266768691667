"""Rows of texts: what is read, what is written, and what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.models.base import Prediction
from nni_nlp_bench.models.text_stream import (
    LABEL,
    MAX_LINE_BYTES,
    PROBABILITY,
    Format,
    PredictionWriter,
    TextReader,
    TextRow,
    format_of,
)

FIELDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TSV_FIELDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\t\n\r"), max_size=12
)
FOUND = Prediction("good", 0.75, {"bad": 0.25, "good": 0.75})


def read(
    content: bytes | str, format: Format, columns: Sequence[str] = ()
) -> tuple[TextReader, list[TextRow]]:
    data = content.encode() if isinstance(content, str) else content
    reader = TextReader(BytesIO(data), "input", format, columns)
    return reader, list(reader)


def fault(content: bytes | str, format: Format, columns: Sequence[str] = ()) -> str:
    with pytest.raises(UserError) as error:
        read(content, format, columns)
    message = str(error.value)
    assert message.startswith("input")
    assert "\n" not in message
    return message


def written(rows: Sequence[TextRow], format: Format, header: Sequence[str] = ()) -> str:
    stream = StringIO(newline="")
    writer = PredictionWriter(stream, format, header)
    for row in rows:
        writer.write(row, FOUND)
    return stream.getvalue()


@given(st.lists(st.tuples(FIELDS, FIELDS), max_size=5))
def test_csv_is_read_as_it_was_written(rows: list[tuple[str, str]]) -> None:
    """With quotation marks, commas, and ends of lines of every kind in fields."""
    stream = StringIO(newline="")
    table = csv.writer(stream, quoting=csv.QUOTE_ALL)
    table.writerows([("text", "n"), *rows])
    reader, found = read(stream.getvalue(), "csv")
    assert reader.header == ("text", "n")
    assert [tuple(row.fields.values()) for row in found] == rows
    assert [row.text for row in found] == [text for text, _ in rows]
    again = list(csv.reader(StringIO(written(found, "csv", reader.header), newline="")))
    assert again == [["text", "n", LABEL, PROBABILITY]] + [[*r, "good", "0.750000"] for r in rows]


@given(st.lists(st.tuples(TSV_FIELDS, TSV_FIELDS), max_size=5))
def test_tsv_is_read_as_it_was_written(rows: list[tuple[str, str]]) -> None:
    """Quotation marks are text."""
    content = "".join(f"{text}\t{n}\n" for text, n in [("sentence", "n"), *rows])
    reader, found = read(content, "tsv")
    assert [tuple(row.fields.values()) for row in found] == rows
    lines = written(found, "tsv", reader.header).split("\n")
    assert lines == [
        f"sentence\tn\t{LABEL}\t{PROBABILITY}",
        *(f"{text}\t{n}\tgood\t0.750000" for text, n in rows),
        "",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | FIELDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=4,
)


@given(st.lists(st.tuples(FIELDS, JSON), max_size=4))
def test_json_lines_are_read_as_they_were_written(rows: list[tuple[str, Any]]) -> None:
    objects = [{"review": text, "other": other} for text, other in rows]
    _, found = read("".join(json.dumps(value) + "\n" for value in objects), "jsonl")
    assert [row.text for row in found] == [text for text, _ in rows]
    assert [row.fields for row in found] == objects
    lines = written(found, "jsonl").split("\n")
    added = {LABEL: "good", PROBABILITY: 0.75, "probabilities": {"bad": 0.25, "good": 0.75}}
    assert [json.loads(line) for line in lines[:-1]] == [{**value, **added} for value in objects]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r"))))
def test_plain_text_is_one_text_per_line(lines: list[str]) -> None:
    _, found = read("\ufeff" + "".join(f"{line}\r\n" for line in lines), "text")
    assert [row.text for row in found] == lines
    assert [row.fields for row in found] == [{"text": line} for line in lines]


@given(st.binary(max_size=60), st.sampled_from(["text", "csv", "tsv", "jsonl"]))
def test_any_bytes_are_rows_or_one_line_of_error(content: bytes, format: Format) -> None:
    for prefix in (b"", b'text,n\n"', b"text\tn\n", b'{"text": "'):
        try:
            reader, rows = read(prefix + content, format)
        except UserError as error:
            assert "\n" not in str(error)
        else:
            written(rows, format, reader.header)


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    for format, content in (("csv", '"text",n\na,1\n'), ("tsv", "text\tn\na\t1\n"),
                            ("jsonl", '{"text": "a"}\n'), ("text", "a\n")):  # fmt: skip
        _, (row,) = read(b"\xef\xbb\xbf" + content.encode(), format)
        assert row.text == "a"


def test_columns_by_name() -> None:
    content = "a,text,b\n1,2,3\n"
    assert [row.text for row in read(content, "csv")[1]] == ["2"]
    assert [row.text for row in read(content, "csv", ["b"])[1]] == ["3"]
    assert [row.text for row in read(content, "csv", ["b", "a"])[1]] == [("3", "1")]
    (row,) = read('{"Review": "x", "text_b": "y"}\n\n', "jsonl")[1]
    assert row.text == "x"


def test_a_label_is_missing_for_a_text_without_words() -> None:
    for format, content, wanted in (
        ("csv", "text\n!\n", ["!,,"]),
        ("tsv", "text\n!\n", ["!\t\t"]),
        ("jsonl", '{"text": "!"}\n', ['{"text": "!", "predicted_label": null}']),
        ("text", "!\n", ['{"text": "!", "predicted_label": null}']),
    ):
        reader, rows = read(content, format)
        stream = StringIO(newline="")
        writer = PredictionWriter(stream, format, reader.header)
        for row in rows:
            writer.write(row, None)
        assert stream.getvalue().splitlines()[-1:] == wanted


def test_blank_lines() -> None:
    """Plain text has a row for each; other formats none."""
    assert len(read("a\n\nb\n", "text")[1]) == 3
    assert len(read("text,n\n\na,1\n\n", "csv")[1]) == 1
    assert len(read('{"text": "a"}\n \n{"text": "b"}', "jsonl")[1]) == 2


def test_empty_inputs() -> None:
    assert read("", "text")[1] == read("", "jsonl")[1] == read("text\n", "csv")[1] == []
    for format in ("csv", "tsv"):
        assert "is empty: it has no header" in fault("", format)


@pytest.mark.parametrize(
    ("content", "format", "wanted"),
    [
        ("text,n\na\n", "csv", "input:2: the line has 1 fields, the header has 2"),
        ('text,n\n"a\nb",1\nc,1,2\n', "csv", "input:4: the line has 3 fields"),
        ("text\tn\na\n", "tsv", "input:2: the line has 1 fields, the header has 2"),
        ("text\tn\n\n", "tsv", "input:2: the line has 1 fields, the header has 2"),
        ("text,text\na,b\n", "csv", "input:1: two columns have the same name"),
        ("text,Text\na,b\n", "csv", "which column is the text? give --text NAME"),
        ("a,b\nc,d\n", "csv", "give --text NAME; there are 'a', 'b'"),
        ('text\n"a\n', "csv", "input:2: invalid CSV"),
        ('text\na\n"b"c\n', "csv", "input:3: invalid CSV"),
        ("text\na\rb\n", "csv", "invalid CSV"),
        ("text\n" + "a" * 200_000 + "\n", "csv", "field larger than field limit"),
        (b"text\n\xff\n", "csv", "input:2: not UTF-8 text"),
        (b"\xff\xfet\0", "text", "input:1: not UTF-8 text"),
        (b"a\nb\0\n", "text", "input:2: contains a NUL byte"),
        (b"a" * (MAX_LINE_BYTES + 1), "text", "input:1: longer than 16,777,216 bytes"),
        ("[1]\n", "jsonl", "input:1: expected a JSON object, got '[1]"),
        ('{"text": "a"}\n{"text": 3}\n', "jsonl", "input:2: 'text' must be a string"),
        ('{"text": "a"}\n{"n": 3}\n', "jsonl", "input:2: no column 'text'; there are 'n'"),
        ('{"text": "a"\n', "jsonl", "input:1: expected a JSON object"),
        ('{"text": "a", "text": "b"}', "jsonl", "input:1: expected a JSON object: the key 'text'"),
        ('{"text": "\\ud800"}\n', "jsonl", "input:1: half a surrogate pair"),
        ('{"text": "a", "\\udc00": 1}\n', "jsonl", "input:1: half a surrogate pair"),
        ('{"text": NaN}\n', "jsonl", "NaN is not a finite number"),
        ("[" * 100_000, "jsonl", "nested too deeply"),
        ("text,predicted_label\na,b\n", "csv", "input:1: has a field 'predicted_label' already"),
        ("text\tpredicted_probability\n", "tsv", "has a field 'predicted_probability' already"),
        ('{"text": "a", "predicted_label": 1}', "jsonl", "has a field 'predicted_label' already"),
        ('{"text": "a", "probabilities": 1}', "jsonl", "has a field 'probabilities' already"),
    ],
)  # fmt: skip
def test_what_is_refused(content: bytes | str, format: Format, wanted: str) -> None:
    assert wanted in fault(content, format)


def test_columns_that_are_not_there() -> None:
    assert "input:1: no column 'x'; there are 'text', 'n'" in fault("text,n\na,1\n", "csv", ["x"])
    assert "no column 'x'" in fault("text,n\na,1\n", "csv", ["text", "x"])
    with pytest.raises(UserError, match="plain text has no columns"):
        read("a", "text", ["text"])
    with pytest.raises(UserError, match="format must be one of text, csv, tsv, jsonl"):
        read("a", "xml")
    assert read("text,probabilities\na,1\n", "csv")[0].header == ("text", "probabilities")


def test_a_label_that_tsv_cannot_hold() -> None:
    writer = PredictionWriter(StringIO(), "tsv", ["text"])
    with pytest.raises(UserError, match="which TSV cannot hold: use CSV"):
        writer.write(TextRow({"text": "a"}, "a"), Prediction("a\tb", 1.0, {"a\tb": 1.0}))


def test_nothing_is_read_ahead() -> None:
    for format, head in (("csv", "text\n"), ("tsv", "text\n"), ("jsonl", ""), ("text", "")):
        line = '{"text": "a"}\n' if format == "jsonl" else "a\n"
        stream = BytesIO((head + line * 3).encode())
        rows = iter(TextReader(stream, "input", format))
        for count in range(4):
            assert stream.tell() == len(head) + count * len(line)
            next(rows, None)


def test_an_input_that_cannot_be_read() -> None:
    class Broken(BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UserError, match="cannot read input: Input/output error"):
        list(TextReader(Broken(), "input", "text"))


def test_formats_of_suffixes() -> None:
    names = {"a.csv": "csv", "a.TSV": "tsv", "a.jsonl": "jsonl", "a.ndjson": "jsonl", "a": "text"}
    assert {name: format_of(Path(name)) for name in names} == names
