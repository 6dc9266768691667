"""Vocabularies: order, minimum count and files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.data.sentences.vocabulary import Vocabulary
from nni_nlp_bench.data.words import tokenize


def labelled(train: str, dev: str, test: str) -> LabelledSet:
    parts = {"train": train, "dev": dev, "test": test}
    return LabelledSet.of(
        "any", ("x", "y"), {part: [Sentence(tokenize(text), 0)] for part, text in parts.items()}
    )


ANY = labelled("c d a b c b <unk>", "e f e a", "g f e d")


@pytest.mark.parametrize(
    ("min_count", "known", "words"),
    [
        (1, (), "b c a d"),
        (2, (), "b c"),
        (1, {"g", "e", "z"}, "b c a d e g"),
        (2, ["a", "f", "e"], "b c e f a"),
        (9, (), ""),
    ],
)
def test_the_commonest_come_first(min_count: int, known: set[str], words: str) -> None:
    found = Vocabulary.of(ANY, min_count, known)
    assert found.words == ("<pad>", "<unk>", *words.split())
    assert len(found) == len(found.words)


def test_ids() -> None:
    ids = Vocabulary.of(ANY).ids(("a", "zebra", "b", "<unk>"))
    assert ids.tolist() == [4, 1, 2, 1]
    assert ids.dtype == np.int64
    assert Vocabulary.of(ANY).ids(()).shape == (0,)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_what_is_saved_is_loaded(text: str) -> None:
    found = Vocabulary.of(labelled(f"{text} x", "x", "x"))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "vocabulary.txt"
        found.save(file)
        assert Vocabulary.load(file) == found


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("<pad>\n<unk>\na\nb c\n", ":4: expected one word, got 'b c'"),
        ("<pad>\n<unk>\na\n\nb\n", ":4: expected one word, got ''"),
        ("<pad>\n<unk>\na\na\n", ":4: 'a' is already in line 3"),
        ("the\nof\n", " is not a vocabulary: it does not begin with <pad> and <unk>"),
        ("", " is empty"),
    ],
)
def test_a_file_that_is_no_vocabulary(tmp_path: Path, content: str, fault: str) -> None:
    file = tmp_path / "vocabulary.txt"
    file.write_text(content, "utf-8")
    with pytest.raises(UserError) as caught:
        Vocabulary.load(file)
    assert str(caught.value).startswith(f"{file}{fault}")
