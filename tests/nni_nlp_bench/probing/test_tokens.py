"""Tokenization of sentences for language models."""

from __future__ import annotations

import pytest

from nni_nlp_bench.probing.errors import EvaluationError
from nni_nlp_bench.probing.tokens import Tokenizer

PTB = ("<unk>", "N", "$", "mr.", "smith", "'s", "is", "n't", "it", "years", "u.s.", "off-season")


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("It isn't.", ["It", "is", "n't", "."]),
        ("Mr. Smith's it", ["Mr.", "Smith", "'s", "it"]),
        ("U.S. off-season!", ["U.S.", "off-season", "!"]),
        ('He: "2,500.5 years", no?', ["He", ":", '"', "2,500.5", "years", '"', ",", "no", "?"]),
        ("$1.5 (26%)", ["$", "1.5", "(", "26", "%", ")"]),
        ("they\u2019ll wait...", ["they", "'ll", "wait", "..."]),
        ("tokens of it 's <unk> .", ["tokens", "of", "it", "'s", "<unk>", "."]),
        (" \t", []),
    ],
)
def test_words(sentence: str, words: list[str]) -> None:
    assert Tokenizer(PTB).split(sentence) == words


def test_unknown_words_become_unk_and_punctuation_goes() -> None:
    found = Tokenizer(PTB).tokens(["Mr. Butcher isn't 26.5 years, is it?", "...", "oh <unk>"])
    names = [[PTB[i] for i in ids] for ids in found.ids]
    assert names == [["mr.", "<unk>", "is", "n't", "N", "years", "is", "it"], [], ["<unk>"] * 2]
    assert (found.words, found.known, found.known_share) == (10, 7, 0.7)


def test_without_unk_unknown_words_are_dropped() -> None:
    found = Tokenizer(PTB[1:]).tokens(["mr. butcher", "oh"])
    assert [ids.tolist() for ids in found.ids] == [[2], []]
    assert (found.words, found.known) == (3, 1)


def test_a_vocabulary_with_capitals_and_punctuation_is_taken_at_its_word() -> None:
    vocabulary = ("The", "the", "cat", ",", ".", "2015")
    found = Tokenizer(vocabulary).tokens(["The CAT, the 2015 cat.", "THE 2016"])
    assert [ids.tolist() for ids in found.ids] == [[0, 2, 3, 1, 5, 2, 4], [1]]
    assert (found.words, found.known) == (9, 8)


def test_no_words_have_no_share_and_no_vocabulary_is_refused() -> None:
    assert Tokenizer(PTB).tokens(["", "?!"]).known_share is None
    with pytest.raises(EvaluationError, match="the vocabulary is empty"):
        Tokenizer(())
