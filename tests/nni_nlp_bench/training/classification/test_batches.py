"""Batches of sentences of similar length."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.training.classification.batches import Batch, Encoded
from nni_nlp_bench.training.classification.words import EmbeddedDataset


def encoded(count: int = 500, longest: int = 40) -> Encoded:
    """Sentence i says i, over and over, and has the label i % 7."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, longest + 1, size=count)
    words = tuple(np.full(n, i + 2) for i, n in enumerate(lengths))
    return Encoded(words, np.arange(count) % 7)


def check_whole(data: Encoded, batches: list[Batch]) -> None:
    """Every sentence is there once, whole, with its label; the rest is padding."""
    seen = Counter()
    for batch in batches:
        for row, label, mask in zip(batch.words, batch.labels, batch.mask, strict=True):
            number = int(row[0]) - 2
            seen[number] += 1
            assert row[mask].tolist() == data.words[number].tolist()
            assert not row[~mask].any()
            assert int(label) == number % 7
        assert batch.mask.any(0).all()  # as long as its longest sentence
    assert seen == dict.fromkeys(range(len(data)), 1)


def test_an_epoch_is_every_sentence_once() -> None:
    data = encoded()
    shuffled = data.shuffled(32, np.random.default_rng(0))
    check_whole(data, shuffled)
    check_whole(data, list(data.in_order(32)))
    assert sorted(len(batch.labels) for batch in shuffled) == [20] + [32] * 15
    assert {batch.part for batch in shuffled} == {"train"}


def test_the_generator_decides_the_order() -> None:
    data = encoded()

    def order(seed: int) -> list[int]:
        batches = data.shuffled(32, np.random.default_rng(seed))
        return [int(row[0]) for batch in batches for row in batch.words]

    assert order(0) == order(0)
    assert order(0) != order(1)


def test_sentences_of_like_length_come_together() -> None:
    data = encoded(count=5_000)
    batches = data.shuffled(32, np.random.default_rng(0))
    padding = 1 - sum(int(b.mask.sum()) for b in batches) / sum(b.mask.numel() for b in batches)
    assert padding < 0.05  # in batches as they come, half of all places
    lengths = [b.words.shape[1] for b in batches]
    assert lengths != sorted(lengths)


def test_long_sentences_are_cut() -> None:
    parts = {
        "train": [Sentence(tuple("abcdef"), 0), Sentence(("a",), 1)],
        "dev": [Sentence(("b",), 0)],
        "test": [Sentence(("c",), 0)],
    }
    words = EmbeddedDataset.of(LabelledSet.of("letters", ("x", "y"), parts), width=3)
    short = Encoded.of(words.data.train, words.vocabulary, 4)
    assert [len(ids) for ids in short.words] == [4, 1]
    assert short.words[0].tolist() == words.vocabulary.ids("abcd").tolist()


def test_words_of_a_file_are_known_where_dev_or_test_alone_has_them(tmp_path: Path) -> None:
    parts = {
        "train": [Sentence(("good", "film"), 0), Sentence(("bad", "film"), 1)],
        "dev": [Sentence(("superb", "zzz"), 0)],
        "test": [Sentence(("awful",), 1)],
    }
    data = LabelledSet.of("films", ("p", "n"), parts)
    file = tmp_path / "vectors.txt"
    file.write_text("good 1 0\nsuperb .9 0\nawful -1 0\nother 5 5\n", "utf-8")
    words = EmbeddedDataset.of(data, str(file), seed=3)
    assert set(words.vocabulary.words) == {
        "<pad>", "<unk>", "film", "bad", "good", "awful", "superb",
    }  # fmt: skip
    row = dict(zip(words.vocabulary.words, words.matrix.tolist(), strict=True))
    assert row["good"] == [1, 0]
    assert row["<pad>"] == [0, 0]
    assert all(0 < abs(value) <= 0.25 for value in row["bad"])
    assert (words.found, words.source) == (3, str(file))
    drawn = EmbeddedDataset.of(data, width=5, seed=3)
    assert set(drawn.vocabulary.words) == {"<pad>", "<unk>", "film", "bad", "good"}
    assert drawn.matrix.shape == (5, 5)
    assert "random" in drawn.source
    with pytest.raises(UserError, match="at least 1, got 0"):
        EmbeddedDataset.of(data, width=0)
