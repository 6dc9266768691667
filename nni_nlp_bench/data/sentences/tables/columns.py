"""Columns of a table of labelled texts: named by the caller, or found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nni_nlp_bench.core.errors import UserError

TEXT_COLUMNS = ("sentence", "text", "review", "question", "content")
LABEL_COLUMNS = ("label", "labels", "class", "target", "category", "sentiment")
LEAST_WORDS = 3
"""Average number of words in a column from which it is taken for text."""


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """Names of the columns of a table; None for a column to find, or for no pair."""

    text: str | None = None
    label: str | None = None
    pair: str | None = None
    """Second text of sentence pairs."""

    def __bool__(self) -> bool:
        """Return whether any column is named."""
        return any(name is not None for name in (self.text, self.label, self.pair))


class Columns(NamedTuple):
    """Indices of the columns in the header."""

    text: int
    label: int
    pair: int | None = None

    def named(self, header: Sequence[str]) -> ColumnNames:
        """Return the names of the columns in that header."""
        pair = None if self.pair is None else header[self.pair]
        return ColumnNames(header[self.text], header[self.label], pair)


def find_columns(
    where: str,
    header: Sequence[str],
    wanted: ColumnNames,
    sample: Callable[[], Iterable[Sequence[object]]],
) -> Columns:
    """Find the columns of text, label and, if it is named, the second text of pairs.

    A column that is not named has one of the known names, in any case. Where no column has a known
    name of texts, the text is the only other column of texts, which have three words or more on
    average.

    Args:
        where: File and line of the header, for messages.
        header: Names of all columns.
        wanted: Names that the caller gives.
        sample: Returns the first rows, with the values of all columns.

    Raises:
        UserError: A column is missing, or more than one could be meant.
    """
    pair = None if wanted.pair is None else _given(where, header, "pair", wanted.pair)
    text = None if wanted.text is None else _given(where, header, "text", wanted.text)
    label = None if wanted.label is None else _given(where, header, "label", wanted.label)
    if label is None:
        label = _one(where, header, "label", _known(header, LABEL_COLUMNS, {text, pair}))
    if text is None:
        places = _known(header, TEXT_COLUMNS, {label, pair})
        if not places:
            places = [i for i in _texts(sample()) if i not in (label, pair)]
        text = _one(where, header, "text", places)
    found = Columns(text, label, pair)
    if len({text, label, pair}) < len(found):
        raise UserError(f"{where}: text, label and pair must be different columns")
    return found


def _given(where: str, header: Sequence[str], kind: str, name: str) -> int:
    """Return the index of a named column; the case counts only where it decides."""
    exact = [i for i, column in enumerate(header) if column == name]
    places = exact or _known(header, (name.strip().lower(),), set())
    if len(places) != 1:
        fault = "more than one" if places else "no"
        raise UserError(
            f"{where}: {fault} column {name[:40]!r} among {_listed(header)}; --{kind} names one"
        )
    return places[0]


def _known(header: Sequence[str], names: Sequence[str], taken: set[int | None]) -> list[int]:
    columns = (name.strip().lower() for name in header)
    return [i for i, name in enumerate(columns) if name in names and i not in taken]


def _texts(sample: Iterable[Sequence[object]]) -> list[int]:
    """Return the indices of columns whose values are strings of several words on average."""
    columns = ([v for v in values if v is not None] for values in zip(*sample, strict=True))
    return [
        i
        for i, values in enumerate(columns)
        if values
        and all(isinstance(value, str) for value in values)
        and sum(len(str(value).split()) for value in values) >= LEAST_WORDS * len(values)
    ]


def _one(where: str, header: Sequence[str], kind: str, places: Sequence[int]) -> int:
    if len(places) == 1:
        return places[0]
    fault = "more than one" if places else "no"
    known = TEXT_COLUMNS if kind == "text" else LABEL_COLUMNS
    raise UserError(
        f"{where}: {fault} {kind} column among {_listed(header)}; name one of them "
        f"{', '.join(known[:-1])} or {known[-1]}, or say --{kind} NAME"
    )


def _listed(header: Sequence[str]) -> str:
    return ", ".join(repr(name[:40]) for name in header)[:400] or "nothing"
