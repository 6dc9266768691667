"""Labels that are measured values instead of classes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.rows import Part, Row
from nni_nlp_bench.data.sentences.tables.class_labels import check_classes
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames


def part(labels: Iterable[str]) -> Part:
    rows = [Row(i, ("a",), label) for i, label in enumerate(labels)]
    return Part("a.csv", rows, columns=ColumnNames("text", "score"))


@pytest.mark.parametrize(
    "labels",
    [
        ["1", "-2", "10"],
        ["1.0", "2.0"],
        ["0.5", "half"],
        ["nan", "1"],
        [str(i) for i in range(100)],
        [str(i // 2) for i in range(300)],
    ],
)
def test_classes(labels: list[str]) -> None:
    check_classes(part(labels))


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        (["1", "0.5", "2"], "are real numbers (0.5, 1, 2, ...): only classification is supported"),
        (["1e-3", "2"], "are real numbers (1e-3, 2, ...)"),
        ([str(i) for i in range(101)], "have 101 values in 101 rows: only classification is"),
        ([f"t{i}" for i in range(101)] + ["t0"] * 100, "have 101 values in 201 rows"),
    ],
)
def test_no_classes(labels: list[str], fault: str) -> None:
    with pytest.raises(UserError) as caught:
        check_classes(part(labels))
    assert str(caught.value).startswith(f"a.csv: the labels in column 'score' {fault}")
    assert "--label NAME" in str(caught.value)
