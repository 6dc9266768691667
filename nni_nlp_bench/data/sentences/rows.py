"""Rows of labelled texts, and labelled sets built from them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.reading import LineError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.data.words import tokenize

TEXT_COLUMNS = ("sentence", "text", "review", "question", "content")
LABEL_COLUMNS = ("label", "labels", "class", "target", "category", "sentiment")
_INTEGER = re.compile(r"-?[0-9]{1,4000}")  # int() takes no more than 4,300


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


def checked_row(source: Path | str, number: int, text: object, label: object) -> Row:
    """Validate a text and a label. Raises LineError."""
    if not isinstance(text, str):
        raise LineError(source, number, f"the text must be a string, got {str(text)[:40]!r}")
    if isinstance(label, bool) or not isinstance(label, str | int):
        shown = str(label)[:40]
        raise LineError(source, number, f"the label must be a string or integer, got {shown!r}")
    label = str(label).strip()
    if not label:
        raise LineError(source, number, "the label is empty")
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text + label):
        raise LineError(
            source, number, "contains a NUL or half a surrogate pair, so it is not text"
        )
    words = tokenize(text)
    if not words:
        raise LineError(source, number, "the text has no words: remove the line")
    return Row(number, words, label)


def columns_of(where: str, header: Sequence[str]) -> tuple[int, int]:
    """Return the indices of text and label in a header. Raises UserError."""
    names = [name.strip().lower() for name in header]
    found = []
    for kind, known in (("text", TEXT_COLUMNS), ("label", LABEL_COLUMNS)):
        places = [i for i, name in enumerate(names) if name in known]
        if len(places) != 1:
            fault = "more than one" if places else "no"
            has = ", ".join(repr(name[:40]) for name in header)[:200] or "nothing"
            raise UserError(
                f"{where}: {fault} {kind} column among {has}; name one of them {_listed(known)}"
            )
        found.append(places[0])
    return found[0], found[1]


def labelled_set(name: str, parts: Mapping[str, Part]) -> LabelledSet:
    """Build a labelled set; its labels are those of train. Raises UserError."""
    labels = _sorted({row.label for row in parts["train"].rows})
    numbers = {label: i for i, label in enumerate(labels)}
    for source, rows in parts.values():
        for number, _, label in rows:
            if label not in numbers:
                raise LineError(
                    source, number, f"the label {label[:40]!r} is not among those of train"
                )
    return LabelledSet.of(
        name,
        labels,
        {
            part: [Sentence(words, numbers[label]) for _, words, label in rows]
            for part, (_, rows) in parts.items()
        },
    )


def share(words: Iterable[str]) -> int:
    """Return the fold, 0 to 9, of a sentence: the same on every machine."""
    digest = hashlib.sha256(" ".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10


def without_dev(train: Part) -> dict[str, Part]:
    """Split train into train and dev, which is one fold of ten."""
    source, rows = train
    return {
        "train": Part(source, [row for row in rows if share(row.words)]),
        "dev": Part(source, [row for row in rows if not share(row.words)]),
    }


def _sorted(labels: Iterable[str]) -> list[str]:
    """Sort labels by value if all are integers, else alphabetically."""
    by_name = sorted(labels)
    return sorted(by_name, key=int) if all(map(_INTEGER.fullmatch, by_name)) else by_name


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
