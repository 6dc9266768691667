"""Rows of labelled texts, and labelled sets built from them."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nni_nlp_bench.data.reading import LineError
from nni_nlp_bench.data.sentences.labelled_set import SEPARATOR, LabelledSet, Sentence
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames
from nni_nlp_bench.data.words import tokenize

MAX_CHARACTERS = 131_072
"""Longest text, the longest field that Python's csv module reads."""
_INTEGER = re.compile(r"-?[0-9]{1,4000}")  # int() takes no more than 4,300
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class EmptyRowError(LineError):
    """A row has no text or no label."""


class Row(NamedTuple):
    """One labelled text."""

    number: int
    """Line number, from 1."""
    words: tuple[str, ...]
    label: str


class Part(NamedTuple):
    """Rows of one part, and their source for error messages."""

    source: Path | str
    rows: Sequence[Row]
    skipped: int = 0
    """Number of rows without text or label, which are left out."""
    columns: ColumnNames | None = None
    """Columns of the table; None if the source has none."""


def checked_row(source: Path | str, number: int, text: object, label: object) -> Row:
    """Validate a text and a label.

    Raises:
        EmptyRowError: The text or the label is empty.
        LineError: They are not of a type that texts and labels have.
    """
    if text is None:
        raise EmptyRowError(source, number, "the text is empty")
    if not isinstance(text, str):
        raise LineError(source, number, f"the text must be a string, got {str(text)[:40]!r}")
    if len(text) > MAX_CHARACTERS:
        fault = f"the text has {len(text):,} characters, more than {MAX_CHARACTERS:,}: shorten it"
        raise LineError(source, number, fault)
    label = _label_text(source, number, label)
    if _NO_TEXT.search(text) or _NO_TEXT.search(label):
        raise LineError(
            source, number, "contains a NUL or half a surrogate pair, so it is not text"
        )
    words = tokenize(text)
    if not words:
        raise EmptyRowError(source, number, "the text has no words: remove the line")
    return Row(number, words, label)


def checked_pair(
    source: Path | str, number: int, first: object, second: object, label: object
) -> Row:
    """Validate two texts and a label, and join the texts. Raises LineError as `checked_row`."""
    one = checked_row(source, number, first, label)
    two = checked_row(source, number, second, label)
    return Row(number, (*one.words, SEPARATOR, *two.words), one.label)


def labelled_set(name: str, parts: Mapping[str, Part]) -> LabelledSet:
    """Build a labelled set; its labels are those of train. Raises UserError."""
    labels = sorted_labels({row.label for row in parts["train"].rows})
    numbers = {label: i for i, label in enumerate(labels)}
    for part in parts.values():
        for number, _, label in part.rows:
            if label not in numbers:
                raise LineError(
                    part.source, number, f"the label {label[:40]!r} is not among those of train"
                )
    return LabelledSet.of(
        name,
        labels,
        {
            name: [Sentence(words, numbers[label]) for _, words, label in part.rows]
            for name, part in parts.items()
        },
    )


def hash_of(words: Iterable[str]) -> int:
    """Return a number of a sentence, below 2^64: the same on every machine."""
    return int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:8], "big")


def share(words: Iterable[str]) -> int:
    """Return the fold, 0 to 9, of a sentence."""
    return hash_of(words) % 10


def without_dev(train: Part) -> dict[str, Part]:
    """Split train into train and dev, which is one fold of ten."""
    rows = train.rows
    return {
        "train": train._replace(rows=[row for row in rows if share(row.words)]),
        "dev": Part(train.source, [row for row in rows if not share(row.words)]),
    }


def sorted_labels(labels: Iterable[str]) -> list[str]:
    """Sort labels by value if all are integers, else alphabetically."""
    by_name = sorted(labels)
    return sorted(by_name, key=int) if all(map(_INTEGER.fullmatch, by_name)) else by_name


def _label_text(source: Path | str, number: int, label: object) -> str:
    """Return a label as text: booleans as in JSON, 1.0 as `1.0`. Raises LineError."""
    if label is None or (isinstance(label, float) and math.isnan(label)):
        raise EmptyRowError(source, number, "the label is empty")
    if isinstance(label, bool):
        return str(label).lower()
    if isinstance(label, float) and not label.is_integer():
        raise LineError(
            source, number, f"the label {label} is no class: labels are strings, integers, booleans"
        )
    if not isinstance(label, str | int | float):
        shown = str(label)[:40]
        raise LineError(
            source, number, f"the label must be a string, integer or boolean, got {shown!r}"
        )
    text = str(label).strip()
    if not text:
        raise EmptyRowError(source, number, "the label is empty")
    return text
