"""Word tokenization: raw texts are split, tokenized ones are unchanged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_nlp_bench.data.words import tokenize, unescaped


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It isn't (U.S.)", "it is n't ( u.s. )"),
        ("Don't you WANT it?", "do n't you want it ?"),
        ("They\u2019ll say: \u201cno\u201d...", "they 'll say : \u201c no \u201d ..."),
        ("Mr. Smith's dogs' $1.50, 26% off!", "mr. smith 's dogs ' $ 1.50 , 26 % off !"),
        ("wait--what? a 1,000:1 odds;", "wait -- what ? a 1,000:1 odds ;"),
        ("So do I. Vitamin a.", "so do i . vitamin a ."),
        ("good :) !!! well-made *****", "good :) !!! well-made *****"),
        ("it 's `` great '' , ca n't -LRB- so -RRB- .", "it 's `` great '' , ca n't ( so ) ."),
        ("rock 'n' roll", "rock 'n' roll"),
        (" \t\u00a0\n", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    assert tokenize(text) == tuple(words.split())


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_words_split_again_are_the_same_and_hold_no_space(text: str) -> None:
    words = tokenize(text)
    assert " ".join(words).split() == list(words)
    assert "".join(words) == "".join(tokenize(" ".join(words)))


def test_long_runs_of_marks_are_split_too() -> None:
    assert tokenize("so" + "'" * 1_000) == ("so", *"'" * 1_000)
    assert len(tokenize("x" * 50_000 + ".")) == 2
    assert len(tokenize("so" + "'" * 50_000)) == 50_001
    assert len(tokenize("'" * 50_000 + "so" + "'" * 50_000)) == 1, "too many marks to look at"


def test_nearly_all_sentences_of_the_treebank_stay_as_they_are(
    shared: Callable[[str], Path],
) -> None:
    """Those that do not stay have a word such as `no.`, which ends raw sentences."""
    lines = shared("data/sst/test.txt").read_text("utf-8").splitlines()
    split = [line.replace("(", " ").replace(")", " ").split() for line in lines]
    sentences = [
        tuple(map(unescaped, (piece for piece in pieces if not piece.isdigit())))
        for pieces in split
    ]
    changed = [words for words in sentences if tokenize(" ".join(words)) != words]
    assert len(sentences) == 2_210
    assert len(changed) <= 11
