"""The split of a file: disjoint, stratified, and the same whatever the order of the rows."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import PARTS
from nni_nlp_bench.data.sentences.rows import Part, Row
from nni_nlp_bench.data.sentences.split import LEAST_TEXTS, split_labelled


@st.composite
def sources(draw: st.DrawFn) -> Part:
    """Rows in any order: enough texts of each label, some repeated, some with two labels."""
    labels = draw(st.lists(st.text("abc", min_size=1), min_size=1, max_size=4, unique=True))
    found = []
    for label in labels:
        for i in range(draw(st.integers(LEAST_TEXTS, 40))):
            found += [((label, str(i)), label)] * draw(st.sampled_from([1, 1, 1, 2, 5]))
    clashes = st.tuples(st.sampled_from(["x", "y", "z"]), st.sampled_from(labels))
    found += [((word,), label) for word, label in draw(st.lists(clashes, max_size=6))]
    shuffled = draw(st.permutations(found))
    return Part("a.csv", [Row(i, *row) for i, row in enumerate(shuffled, start=2)])


def texts_of(part: Part) -> set[tuple[str, ...]]:
    return {row.words for row in part.rows}


def labels_by_text(source: Part) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for row in source.rows:
        found.setdefault(row.words, set()).add(row.label)
    return found


@given(sources(), st.integers(0, 2**53))
def test_no_row_is_lost_and_no_text_is_in_two_parts(source: Part, seed: int) -> None:
    parts = split_labelled(source, seed=seed)
    assert sorted(row for part in parts.values() for row in part.rows) == sorted(source.rows)
    assert len(set.union(*map(texts_of, parts.values()))) == sum(
        len(texts_of(part)) for part in parts.values()
    )
    for part in parts.values():
        order = [row.number for row in source.rows if row.words in texts_of(part)]
        assert [row.number for row in part.rows] == order


@given(sources(), st.integers(0, 9))
def test_each_label_has_its_share_of_each_part(source: Part, seed: int) -> None:
    parts = split_labelled(source, seed=seed)
    labels = labels_by_text(source)
    clear = Counter(next(iter(own)) for own in labels.values() if len(own) == 1)
    for part in ("dev", "test"):
        counts = Counter(next(iter(labels[words])) for words in texts_of(parts[part]))
        for label, count in clear.items():
            assert counts[label] >= 1
            assert abs(counts[label] - count / 10) < 1
    assert {row.label for row in parts["train"].rows} == clear.keys()


@given(sources())
def test_texts_with_several_labels_are_in_train_only(source: Part) -> None:
    parts = split_labelled(source)
    held_out = texts_of(parts["dev"]) | texts_of(parts["test"])
    labels = labels_by_text(source)
    assert all(len(labels[words]) == 1 for words in held_out)


@given(sources(), st.integers(0, 9), st.randoms())
def test_the_order_of_rows_does_not_matter(source: Part, seed: int, rng: random.Random) -> None:
    shuffled = source._replace(rows=rng.sample(source.rows, len(source.rows)))
    one, other = split_labelled(source, seed=seed), split_labelled(shuffled, seed=seed)
    assert all(sorted(one[part].rows) == sorted(other[part].rows) for part in PARTS)


def test_the_split_is_the_same_on_every_machine_and_differs_by_seed() -> None:
    rows = [Row(i, (f"w{i}",), "ab"[i % 2]) for i in range(40)]
    numbers = [
        [row.number for row in split_labelled(Part("a.csv", rows), seed=seed)["test"].rows]
        for seed in (0, 1)
    ]
    assert numbers == [[1, 14, 19, 28], [13, 20, 34, 37]]


def test_shares_are_respected() -> None:
    rows = [Row(i, (f"w{i}",), "ab"[i % 2]) for i in range(100)]
    parts = split_labelled(Part("a.csv", rows, skipped=3), dev=0.2, test=0.3)
    assert [len(parts[part].rows) for part in PARTS] == [50, 20, 30]
    few = split_labelled(Part("a.csv", rows[:6]), dev=0.01, test=0.98)
    assert [len(few[part].rows) for part in PARTS] == [2, 2, 2]


@pytest.mark.parametrize(
    ("dev", "test"), [(0.0, 0.1), (0.1, -1.0), (0.5, 0.5), (0.1, float("nan"))]
)
def test_shares_that_leave_a_part_empty(dev: float, test: float) -> None:
    with pytest.raises(UserError, match=r"must be above 0 and sum to less than 1, got "):
        split_labelled(Part("a.csv", []), dev=dev, test=test)


def test_labels_with_too_few_texts_are_named() -> None:
    rows = [Row(i, (str(i),), "many") for i in range(9)]
    rows += [Row(i, ("same",), "rare") for i in range(9)]
    rows += [Row(i, ("clash", str(i)), label) for i in range(3) for label in ("many", "unclear")]
    with pytest.raises(UserError) as caught:
        split_labelled(Part("a.csv", rows))
    assert str(caught.value) == (
        "a.csv: fewer than 3 different texts of the label 'rare', 'unclear': each label needs one "
        "for each of train, dev and test; add texts, merge such labels or remove their rows"
    )
    many = [Row(i, (str(i),), f"l{i}") for i in range(8)]
    with pytest.raises(UserError, match="the label 'l0', 'l1', 'l2', 'l3', 'l4' and 3 more: each"):
        split_labelled(Part("a.csv", many))
