"""Labelled sets: validation and digests."""

from __future__ import annotations

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence

GOOD = Sentence(("so", "good"), 1)
BAD = Sentence(("bad",), 0)
PARTS = {"train": [GOOD, BAD], "dev": [GOOD], "test": [BAD]}


def test_the_same_sentences_are_equal_and_any_other_has_another_digest() -> None:
    def digest(labels: tuple[str, str] = ("no", "yes"), **parts: list[Sentence]) -> str:
        return LabelledSet.of("any", labels, {**PARTS, **parts}).digest

    assert LabelledSet.of("a", ["x", "y"], PARTS) == LabelledSet.of("a", ["x", "y"], PARTS)
    others = [
        digest(("no", "ye")),
        digest(train=[BAD, GOOD]),
        digest(train=[GOOD, BAD, GOOD], dev=[BAD]),
        digest(dev=[Sentence(("sogood",), 1)]),
        digest(dev=[Sentence(("so", "good"), 0)]),
        digest(dev=[BAD], test=[GOOD]),
    ]
    assert len({digest(), *others}) == 7


@pytest.mark.parametrize(
    ("labels", "parts", "fault"),
    [
        (["x"], {}, "labelled set mine needs two or more different labels, has 'x'"),
        (["x", "x"], {}, "labelled set mine needs two or more different labels, has 'x', 'x'"),
        (["x", "y"], {"dev": []}, "the part 'dev' of labelled set mine is empty"),
        (["x", "y"], {"test": [BAD, Sentence((), 1)]}, "sentence 2 of test .* mine: no words"),
        (["x", "y"], {"dev": [Sentence(("a",), 2)]}, "sentence 1 of dev .*: an unknown label"),
    ],
)
def test_what_is_no_labelled_set(
    labels: list[str], parts: dict[str, list[Sentence]], fault: str
) -> None:
    with pytest.raises(UserError, match=fault):
        LabelledSet.of("mine", labels, {**PARTS, **parts})
