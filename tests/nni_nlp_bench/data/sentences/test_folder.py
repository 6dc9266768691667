"""Folders of tables: every format round-trips, and every error names its cause."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import PARTS, LabelledSet, Sentence
from nni_nlp_bench.data.sentences.sets import load_labelled_set

Rows = Sequence[tuple[str, str]]
GOOD = [("so good", "yes"), ("bad", "no")]

words = st.lists(st.text("abcäß犬7", min_size=1, max_size=6), min_size=1, max_size=6)


@st.composite
def labelled_sets(draw: st.DrawFn) -> LabelledSet:
    """Any words; labels are integers or texts, and train has all of them."""
    texts = st.text("pqr,\"' x", min_size=1, max_size=6).map(str.strip).filter(bool)
    kinds = (st.integers().map(str), texts)
    names = draw(st.one_of(*(st.sets(kind, min_size=2, max_size=4) for kind in kinds)))
    labels = sorted(names)
    if all(label.lstrip("-").isdigit() for label in labels):
        labels.sort(key=int)
    sentences = st.builds(Sentence, words.map(tuple), st.integers(0, len(labels) - 1))
    parts = {part: draw(st.lists(sentences, min_size=1, max_size=4)) for part in PARTS}
    parts["train"] += [Sentence(("all",), label) for label in range(len(labels))]
    return LabelledSet.of("mine", labels, parts)


def write(file: Path, rows: Rows, header: tuple[str, str] = ("text", "label")) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        if file.suffix == ".csv":
            csv.writer(stream).writerows([header, *rows])
        elif file.suffix == ".jsonl":
            objects = (json.dumps(dict(zip(header, row, strict=True))) for row in rows)
            stream.writelines(f"{line}\n" for line in objects)
        else:
            stream.writelines(f"{a}\t{b}\n" for a, b in [header, *rows])


def written(folder: Path, suffix: str = ".tsv", **parts: Rows) -> Path:
    folder.mkdir(exist_ok=True)
    for part in PARTS:
        write(folder / f"{part}{suffix}", parts.get(part, GOOD))
    return folder


@settings(max_examples=40)
@given(labelled_sets(), st.sampled_from([".tsv", ".csv", ".jsonl"]))
def test_what_is_written_is_read(labelled: LabelledSet, suffix: str) -> None:
    rows = {
        part: [(" ".join(words), labelled.labels[label]) for words, label in sentences]
        for part, sentences in zip(
            PARTS, (labelled.train, labelled.dev, labelled.test), strict=True
        )
    }
    with TemporaryDirectory() as folder:
        assert load_labelled_set(str(written(Path(folder) / "mine", suffix, **rows))) == labelled


@pytest.mark.parametrize("dev", ["dev", "valid", "val", "validation"])
def test_formats_and_names_of_files_may_differ(tmp_path: Path, dev: str) -> None:
    write(tmp_path / "train.csv", [('It isn\'t, "so\n\ngood"', "yes"), ("bad", "no")])
    write(tmp_path / f"{dev}.jsonl", [("Good", "no")], ("Sentence", "LABEL"))
    (tmp_path / "my.test.tsv").write_bytes(
        b'\xef\xbb\xbfid\tReview\tClass\r\n1\t"bad" idea\tno\r\n2\t"open\tyes\r\n'
    )
    found = load_labelled_set(str(tmp_path))
    assert (found.name, found.labels) == (tmp_path.name, ("no", "yes"))
    quoted = ("it", "is", "n't", ",", '"', "so", "good", '"')
    assert found.train == (Sentence(quoted, 1), Sentence(("bad",), 0))
    assert found.dev == (Sentence(("good",), 0),)
    assert found.test == (Sentence(('"', "bad", '"', "idea"), 0), Sentence(('"', "open"), 1))


def test_integers_of_json_are_labels_in_the_order_of_their_values(tmp_path: Path) -> None:
    folder = written(tmp_path, ".jsonl", train=[("a", n) for n in ("10", "9", "-1")])  # type: ignore[list-item]
    for part in ("dev", "test"):
        (folder / f"{part}.jsonl").write_text('{"label": 9, "more": 1, "text": "a"}\n', "utf-8")
    found = load_labelled_set(str(folder))
    assert found.labels == ("-1", "9", "10")
    assert found.dev == (Sentence(("a",), 1),)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("dev.tsv", b"text\tlabel\na\tyes\nb \xff\tno\n", ":3: not UTF-8 text"),
        ("dev.tsv", b"text\tlabel\na\0\tyes\n", ":2: contains a NUL byte"),
        ("dev.tsv", b"", " is empty: download it again"),
        ("dev.tsv", b"text\tlabel\na\tyes\tno\n", ":2: the line has 3 fields, the header has 2"),
        ("dev.tsv", b"text\tlabel\na\tyes\nb\n", ":3: the line has 1 fields, the header has 2"),
        ("dev.tsv", b"text\tlabel\n \tyes\na\t \n", ": no row has both a text and a label"),
        ("dev.tsv", b"text\tlabel\na\tmaybe\n", ":2: the label 'maybe' is not among those of tr"),
        ("train.tsv", b"phrase\tlabel\na\tyes\n", ":1: no text column among 'phrase', "),
        ("train.tsv", b"text\tstars\na\tyes\n", ":1: no label column among 'text', "),
        ("train.tsv", b"text\treview\tlabel\n", ":1: more than one text column among "),
        ("dev.csv", b"\n", ":1: no label column among nothing; name one of them label, labels,"),
        ("dev.csv", b"text,label\na,yes\nb\n", ":3: the line has 1 fields, the header has 2"),
        (
            "dev.csv",
            b'text,label\n"a\nb",yes\n"c,no\nd,no\n',
            ":4: invalid CSV (unexpected end of dat",
        ),
        ("dev.csv", b'text,label\n"a"b,yes\n', ":2: invalid CSV (',' expected after '\"')"),
        (
            "dev.csv",
            b"text,label\na,yes\n%s,no\n" % (b"x" * 200_000),
            ":3: invalid CSV (field larger",
        ),
        ("dev.csv", b"text,label\na,yes\rb,no\n", ":2: invalid CSV (new-line character seen"),
        ("dev.csv", b'text,label\n"a\n",yes\nb,perhaps\n', ":4: the label 'perhaps' is not among"),
        (
            "dev.jsonl",
            b'{"text": "a", "label": "yes"}\n{"text"\n',
            ":2: expected a JSON object: Expecting",
        ),
        ("dev.jsonl", b"[" * 100_000, ":1: expected a JSON object: nested too deeply"),
        ("dev.jsonl", b'["a", "yes"]\n', ":1: expected a JSON object, got "),
        ("dev.jsonl", b'{"text": 5, "label": "yes"}\n', ":1: the text must be a string, got '5'"),
        ("dev.jsonl", b'{"text": "a", "label": true}\n', ":1: the label 'true' is not among those"),
        ("dev.jsonl", b'{"text": "a", "label": 1.5}\n', ":1: the label 1.5 is no class: labels"),
        ("dev.jsonl", b'{"text": "a", "label": [1]}\n', ":1: the label must be a string, integer"),
        ("dev.jsonl", b'{"text": "a", "label": null}\n', ": no row has both a text and a label"),
        ("dev.jsonl", b'{"text": "\\ud800", "label": "no"}\n', ":1: contains a NUL or half a surr"),
        (
            "dev.jsonl",
            b'{"text": "a\\u0000", "label": "no"}\n',
            ":1: contains a NUL or half a surr",
        ),
        ("dev.jsonl", b'{"label": "yes"}\n', ":1: no text column among 'label'"),
        (
            "dev.jsonl",
            b'{"text": "a", "label": "yes"}\n{"sentence": "a", "label": "no"}\n',
            ":2: the object has no 'text', the first one has",
        ),
    ],
)
def test_a_fault_is_named_with_its_file_and_line(
    tmp_path: Path, name: str, content: bytes, fault: str
) -> None:
    folder = written(tmp_path)
    (folder / f"{Path(name).stem}.tsv").unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_labelled_set(str(folder))
    assert str(caught.value).startswith(f"{folder / name}{fault}")
    assert "\n" not in str(caught.value)


def test_parts_that_are_missing_double_or_in_two_kinds(tmp_path: Path) -> None:
    def error() -> str:
        with pytest.raises(UserError) as caught:
            load_labelled_set(str(tmp_path))
        return str(caught.value)

    written(tmp_path)
    (tmp_path / "valid.csv").write_text("text,label\n", "utf-8")
    double = "more than one file for the part 'dev': dev.tsv and valid.csv"
    assert error() == f"{tmp_path} has {double}"
    (tmp_path / "valid.csv").unlink()
    (tmp_path / "dev.tsv").rename(tmp_path / "dev.txt")
    assert error().startswith(f"{tmp_path / 'dev.txt'} would be trees and the other parts are tab")
    (tmp_path / "dev.txt").unlink()
    assert error() == f"{tmp_path} has no file for the part 'dev', such as dev.tsv"
    write(tmp_path / "dev.tsv", [])
    assert error() == f"the part 'dev' of labelled set {tmp_path.name} is empty"
    write(tmp_path / "train.tsv", GOOD[:1])
    write(tmp_path / "dev.tsv", GOOD[:1])
    write(tmp_path / "test.tsv", GOOD[:1])
    assert "needs two or more different labels, has 'yes'" in error()


def test_parts_may_be_compressed(tmp_path: Path) -> None:
    plain = load_labelled_set(str(written(tmp_path / "mine")))
    for part in PARTS:
        file = tmp_path / "mine" / f"{part}.tsv"
        file.with_suffix(".tsv.gz").write_bytes(gzip.compress(file.read_bytes()))
        if part != "dev":
            file.unlink()
    with pytest.raises(UserError, match=r"for the part 'dev': dev\.tsv and dev\.tsv\.gz"):
        load_labelled_set(str(tmp_path / "mine"))
    (tmp_path / "mine" / "dev.tsv").unlink()
    assert load_labelled_set(str(tmp_path / "mine")) == plain
