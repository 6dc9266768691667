"""Single files as labelled sets: each format, and what is wrong with a file, in one line."""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import MissingExtraError
from nni_nlp_bench.core.input_files import MAX_TEXT_BYTES, read_gzip
from nni_nlp_bench.data.sentences.labelled_set import SEPARATOR, LabelledSet
from nni_nlp_bench.data.sentences.preparation import prepare_labelled
from nni_nlp_bench.data.sentences.rows import MAX_CHARACTERS
from nni_nlp_bench.data.sentences.sets import SkippedRowsWarning, load_labelled_set
from nni_nlp_bench.data.sentences.tables import parquet

Rows = Sequence[tuple[Any, Any]]
ROWS: Rows = [(f"It isn't {word}, no?", "yes") for word in ("a", "b", "c", "d")] + [
    (f"{word} \u201cbad\u201d film", "no") for word in ("ä", "犬", "e")
]
ROWS_DIGEST = "c065bb6c4047679b94e789b7207366a695cf4499f2a37b6fa8e7e1af779dff61"


def write_csv(file: Path, rows: Rows) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])


def write_tsv(file: Path, rows: Rows) -> None:
    lines = (f"{text}\t{label}" for text, label in [("text", "label"), *rows])
    file.write_text("\n".join(lines), "utf-8")


def write_jsonl(file: Path, rows: Rows) -> None:
    lines = (json.dumps({"text": text, "label": label}) for text, label in rows)
    file.write_text("\n".join(lines), "utf-8")


def write_gzip(write: Callable[[Path, Rows], None]) -> Callable[[Path, Rows], None]:
    def compress(file: Path, rows: Rows) -> None:
        write(file, rows)
        file.write_bytes(gzip.compress(file.read_bytes()))

    return compress


def write_parquet(file: Path, rows: Rows) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    texts, labels = zip(*rows, strict=True) if rows else ((), ())
    ids = list(range(len(rows)))
    table = pyarrow.table({"label": list(labels), "id": ids, "text": list(texts)})
    write_table(table, file, row_group_size=3)


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    ".csv": write_csv,
    ".CSV": write_csv,
    ".csv.gz": write_gzip(write_csv),
    ".tsv": write_tsv,
    ".tsv.gz": write_gzip(write_tsv),
    ".jsonl": write_jsonl,
    ".jsonl.gz": write_gzip(write_jsonl),
    ".ndjson": write_jsonl,
    ".ndjson.gz": write_gzip(write_jsonl),
    ".parquet": write_parquet,
}


def fault(source: Path | str, **columns: str) -> str:
    with pytest.raises(UserError) as caught:
        prepare_labelled(str(source), **columns)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def all_words(labelled: LabelledSet) -> list[tuple[str, ...]]:
    return sorted(words for part in labelled.parts().values() for words, _ in part)


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_gives_the_same_set(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"reviews{suffix}"
    WRITERS[suffix](file, ROWS)
    labelled = load_labelled_set(str(file))
    assert (labelled.name, labelled.labels) == (file.name, ("no", "yes"))
    assert labelled.digest == ROWS_DIGEST
    assert ("it", "is", "n't", "a", ",", "no", "?") in all_words(labelled)
    assert prepare_labelled(str(file)).data == labelled


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_rows_without_text_or_label_are_left_out_and_counted(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"reviews{suffix}"
    WRITERS[suffix](file, [("", "yes"), *ROWS, (" ", "no"), ("good", " "), ("", "")])
    with pytest.warns(SkippedRowsWarning, match="left out rows without text or label: 4$"):
        assert load_labelled_set(str(file)).digest == ROWS_DIGEST
    report = prepare_labelled(str(file)).report
    assert (report.rows, report.skipped) == (len(ROWS) + 4, 4)


def test_blank_lines_and_null_are_rows_without_text(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    write_jsonl(file, [(None, "no"), *ROWS, ("x", None)])
    file.write_text("\n" + file.read_text("utf-8") + "\n\n\n", "utf-8")
    assert prepare_labelled(str(file)).report.skipped == 5
    file = tmp_path / "a.csv"
    write_csv(file, ROWS)
    file.write_text("\ufeff" + file.read_text("utf-8") + "\n \n", "utf-8")
    assert prepare_labelled(str(file)).report.skipped == 2


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ((False, True), ("false", "true")),
        ((9, 10), ("9", "10")),
        ((1.0, 2.0), ("1.0", "2.0")),
    ],
)
def test_typed_labels(
    suffix: str, values: tuple[Any, Any], labels: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / f"a{suffix}"
    WRITERS[suffix](file, [(text, values[label == "yes"]) for text, label in ROWS])
    assert load_labelled_set(str(file)).labels == labels


def test_missing_numbers_of_parquet_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    write_parquet(
        file, [("x", float("nan")), ("y", None), *((t, float(n == "no")) for t, n in ROWS)]
    )
    report = prepare_labelled(str(file)).report
    assert (report.skipped, sorted(report.counts["train"])) == (2, ["0.0", "1.0"])


def test_numbers_in_csv_stay_as_they_are_written(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [(text, {"yes": "1.0", "no": "0.0"}[n]) for text, n in ROWS])
    assert load_labelled_set(str(tmp_path / "a.csv")).labels == ("0.0", "1.0")


def test_named_columns_and_pairs(tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv"
    rows = [f"{i}\t{('yes', 'no')[i % 2]}\tIs it {i}?\tNo." for i in range(6)]
    file.write_text("\n".join(["id\tsame\tfirst\tsecond", *rows, "7\tyes\tx y z\t "]), "utf-8")
    prepared = prepare_labelled(str(file), text="first", label="same", pair="second")
    assert ("is", "it", "0", "?", SEPARATOR, "no", ".") in all_words(prepared.data)
    assert prepared.report.skipped == 1
    assert all_words(prepare_labelled(str(file), label="same").data)[0] == ("is", "it", "0", "?")
    assert f"{file}:1: no label column among 'id', 'same'" in fault(file)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", " is empty: download it again"),
        ("a.csv", b"text,label\n", " has no rows"),
        ("a.tsv", b"text\tlabel\n", " has no rows"),
        ("a.jsonl", b"\n\n", " has only blank lines"),
        ("a.csv", b"text,label\n,yes\na,\n", ": no row has both a text and a label (rows: 2)"),
        ("a.csv", b"good film,yes\nbad,no\n", ":1: no label column among 'good film', 'yes'; name"),
        ("a.csv", b"text;label\na;b\n", ":1: columns are separated by ';': use commas"),
        ("a.csv", b"text\tlabel\na\tb\n", ":1: columns are separated by '\\t': use commas"),
        ("a.csv", b"text,label\na\n", ":2: the line has 1 fields, the header has 2"),
        ("a.tsv", b"text\tlabel\na\tb\tc\n", ":2: the line has 3 fields, the header has 2"),
        ("a.csv", b'text,label\na,b\n"a,b\n', ":3: invalid CSV (unexpected end of data)"),
        ("a.csv", b"text,label\na\0,b\n", ":2: contains a NUL byte, so it is not text"),
        ("a.csv", "text,label\nä,b\n".encode("latin-1"), ":2: not UTF-8 text (invalid cont"),
        ("a.csv", "text,label\na,b\n".encode("utf-16"), ":1: not UTF-8 text (invalid start"),
        ("a.jsonl", b'{"text": "\\ud800", "label": "a"}\n', ":1: contains a NUL or half a surr"),
        ("a.jsonl", b'{"text": "a\\u0000", "label": "a"}\n', ":1: contains a NUL or half a surr"),
        ("a.jsonl", b'{"text": "a", "label": 0.5}\n', ":1: the label 0.5 is no class: labels are"),
        ("a.jsonl", b'{"text": "a"}\n', ":1: no label column among 'text'; name one of them lab"),
        ("a.jsonl", b"{} x\n", ":1: expected a JSON object: Extra data"),
        ("a.csv", b"text,label\na,.5\nb,1.5\n", ": the labels in column 'label' are real numbers"),
        ("a.csv", b"text,label\na,x\nb,x\nc,x\n", None),
        ("a.csv", b"text,label\n%s,x\n" % (b"x" * 200_000), ":2: invalid CSV (field larger than"),
        ("a.tsv", b"text\tlabel\n%s\tx\n" % (b"x" * 200_000), ":2: the text has 200,000 charact"),
        ("a.csv.gz", b"text,label\n", " as gzip: Not a gzipped file"),
        (
            "a.csv.gz",
            gzip.compress(b"text,label\n" * 99, mtime=0)[:-9],
            " as gzip: Compressed file ended",
        ),
        ("a.parquet", b"", " as Parquet: "),
        ("a.parquet", b"PAR1 and so on PAR1", " as Parquet: "),
        ("a.txt", b"so good\tyes\n", " has no suffix of a table: give .csv, .tsv, .jsonl, .ndjson"),
        ("a.xlsx", b"PK", " has no suffix of a table: give .csv, "),
    ],
)
def test_faults(name: str, content: bytes, message: str | None, tmp_path: Path) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    file = tmp_path / name
    file.write_bytes(content)
    if message is None:
        assert fault(file) == "labelled set a.csv needs two or more different labels, has 'x'"
    else:
        start = f"cannot read {file}" if message.startswith(" as ") else str(file)
        assert fault(file).startswith(start + message)


def test_texts_up_to_the_limit_are_read(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [*ROWS, ("x" * MAX_CHARACTERS, "yes")])
    assert prepare_labelled(str(tmp_path / "a.csv")).report.rows == len(ROWS) + 1


def test_files_above_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    with file.open("wb") as stream:
        stream.truncate(MAX_TEXT_BYTES + 1)
    assert fault(file) == f"{file} is too large: at most 1,073,741,824 bytes are read"
    file = tmp_path / "a.csv.gz"
    write_gzip(write_csv)(file, ROWS)
    size = len(gzip.decompress(file.read_bytes()))
    assert len(read_gzip(file, size)) == size
    with pytest.raises(UserError, match=f"at most {size - 1} decompressed bytes are read"):
        read_gzip(file, size - 1)
    file = tmp_path / "a.parquet"
    write_parquet(file, ROWS)
    monkeypatch.setattr(parquet, "MAX_TEXT_BYTES", 100)
    assert fault(file) == f"{file} is too large: at most 100 bytes are read"
    monkeypatch.setattr(parquet, "MAX_ROWS", 6)
    assert fault(file) == f"{file} is too large: at most 6 rows are read"


def test_files_that_are_not_there_and_folders(tmp_path: Path) -> None:
    missing = tmp_path / "a.csv"
    assert fault(missing) == f"cannot read {missing}: No such file or directory"
    missing.mkdir()
    assert fault(missing) == f"{missing} has no file for the part 'train', such as train.tsv"
    assert fault(tmp_path / "b").startswith(f"unknown labelled set '{tmp_path / 'b'}'; known: ")
    assert fault("a\0.csv") == "cannot read a\0.csv: no path contains such characters"


def test_without_pyarrow_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"'pyarrow' .*: pip install 'nni-nlp-bench\[vec"):
        load_labelled_set(str(tmp_path / "a.parquet"))


@pytest.mark.parametrize("kind", ["date", "binary", "list"])
def test_columns_of_parquet_that_are_no_texts(kind: str, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    value = {"date": date(2026, 1, 1), "binary": b"a", "list": ["a"]}[kind]
    file = tmp_path / "a.parquet"
    write_table(pyarrow.table({"text": ["a"], "label": [value]}), file)
    assert fault(file).startswith(f"{file}:1: the label must be a string, integer or boolean, got")
    write_table(pyarrow.table({"text": [value], "label": ["a"]}), file)
    assert fault(file).startswith(f"{file}:1: the text must be a string, got ")


def test_a_damaged_page_of_parquet(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    write_parquet(file, ROWS)
    content = bytearray(file.read_bytes())
    for i in range(4, 60):
        content[i] ^= 0xFF
    file.write_bytes(content)
    assert fault(file).startswith(f"cannot read {file} as Parquet: ")
