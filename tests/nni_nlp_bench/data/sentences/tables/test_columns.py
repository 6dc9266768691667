"""Columns by name, by known names, and by what they hold."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames, Columns, find_columns

SAMPLE = [
    ("1", "It is a good film", "World News", "pos", "2026-01-01 10:00"),
    ("2", "", "Sport", "neg", None),
    ("3", "never again in my whole long life", "Arts", "neg", "2026-01-02 10:00"),
]


def find(header: str, sample: Sequence[Sequence[object]] = (), **names: str) -> Columns:
    return find_columns("a.csv:1", header.split(","), ColumnNames(**names), lambda: sample)


@pytest.mark.parametrize(
    ("header", "names", "places"),
    [
        ("id,Review,LABEL", {}, (1, 2, None)),
        ("text,label,review", {"text": "review"}, (2, 1, None)),
        ("text,label,class", {"label": "class"}, (0, 2, None)),
        ("text,Text,label", {"text": "Text"}, (1, 2, None)),
        ("a,b,label", {"text": "B"}, (1, 2, None)),
        ("text,sentiment,label", {"text": "sentiment"}, (1, 2, None)),
        ("text,review,label", {"pair": "review"}, (0, 2, 1)),
        ("text,target", {"label": "text", "text": "target"}, (1, 0, None)),
    ],
)
def test_names(header: str, names: dict[str, str], places: tuple[int, int, int | None]) -> None:
    assert find(header, **names) == places


def test_the_only_column_of_several_words_is_the_text_where_none_has_a_known_name() -> None:
    header = "id,body,section,mood,day"
    assert find(header, SAMPLE, label="mood") == (1, 3, None)
    assert find("id,body,section,label,day", SAMPLE, label="label") == (1, 3, None)
    assert find("id,body,section,label,day", SAMPLE) == (1, 3, None)
    two = [(*row, "and one more text") for row in SAMPLE]
    with pytest.raises(UserError, match=r"more than one text column among .* or say --text NAME"):
        find(f"{header},more", two, label="mood")
    assert find(f"{header},more", two, label="mood", pair="more") == (1, 3, 5)
    numbers = [(1, 2.5, "pos"), (None, None, "neg")]
    with pytest.raises(
        UserError, match="no text column among 'a', 'b', 'c'; name one of them sent"
    ):
        find("a,b,c", numbers, label="c")


@pytest.mark.parametrize(
    ("header", "names", "fault"),
    [
        (
            "id,body",
            {},
            "no label column among 'id', 'body'; name one of them label, labels, class, ",
        ),
        (
            "text,body",
            {"label": "mood"},
            "no column 'mood' among 'text', 'body'; --label names one",
        ),
        ("text,b,b,label", {"pair": "b"}, "more than one column 'b' among "),
        ("B,b,label", {"text": " b"}, "more than one column ' b' among "),
        ("text,label", {"text": "label"}, "no label column among "),
        ("text,label", {"text": "text", "label": "text"}, "text, label and pair must be different"),
        ("text,label", {"text": "text", "pair": "text"}, "text, label and pair must be different"),
        ("text,text,label", {}, "more than one text column among "),
    ],
)
def test_faults(header: str, names: dict[str, str], fault: str) -> None:
    with pytest.raises(UserError) as caught:
        find(header, **names)
    assert str(caught.value).startswith(f"a.csv:1: {fault}")
    assert "\n" not in str(caught.value)
