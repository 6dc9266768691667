"""Equal texts within and between parts, and what is removed."""

from __future__ import annotations

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.duplicates import (
    RepeatedTexts,
    find_duplicates,
    without_leaks,
)
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence


def labelled(**parts: str) -> LabelledSet:
    """One sentence per letter: its label is 1 if it is a capital."""
    sentences = {
        part: [Sentence(("so", letter.lower()), int(letter.isupper())) for letter in letters]
        for part, letters in parts.items()
    }
    return LabelledSet.of("mine", ["no", "yes"], sentences)


def test_duplicates_by_hand() -> None:
    found = find_duplicates(labelled(train="aaabBcDef", dev="dccx", test="bcefgx"))
    assert found.within == {"train": 3, "dev": 1, "test": 0}
    assert found.between == {
        "train-dev": RepeatedTexts(2, ("so c", "so d")),
        "train-test": RepeatedTexts(4, ("so b", "so c", "so e")),
        "dev-test": RepeatedTexts(2, ("so c", "so x")),
    }
    assert found.conflicts == RepeatedTexts(2, ("so b", "so d"))


def test_leaks_are_removed_from_train_alone() -> None:
    given = labelled(train="aabBcD", dev="Bx", test="xc")
    cleaned = without_leaks(given)
    assert [s.words[1] for s in cleaned.train] == ["a", "a", "d"]
    assert (cleaned.dev, cleaned.test, cleaned.labels) == (given.dev, given.test, given.labels)
    assert cleaned.digest != given.digest
    with pytest.raises(UserError, match="every text of the label 'yes' in train is also in dev or"):
        without_leaks(labelled(train="aB", dev="b", test="x"))


def test_long_examples_are_cut() -> None:
    (example,) = RepeatedTexts.of([("word",) * 100]).examples
    assert len(example) == 60
    assert example.endswith("...")
