"""Sentences that are learned in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.training.classification.words import Words

SIZES = {"train": 240, "dev": 60, "test": 60}


def made_up(seed: int = 0) -> LabelledSet:
    """The label is told by one word among others that say nothing."""
    rng = np.random.default_rng(seed)

    def sentence() -> Sentence:
        label = int(rng.integers(3))
        words = [f"w{i}" for i in rng.integers(12, size=int(rng.integers(1, 5)))]
        words.insert(int(rng.integers(len(words) + 1)), f"label{label}")
        return Sentence(tuple(words), label)

    parts = {part: [sentence() for _ in range(count)] for part, count in SIZES.items()}
    return LabelledSet.of("made up", ("a", "b", "c"), parts)


@pytest.fixture
def words() -> Words:
    """With drawn vectors of 16 numbers."""
    return Words.of(made_up(), width=16)
