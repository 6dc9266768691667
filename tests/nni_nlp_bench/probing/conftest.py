"""A synthetic language model, and a task in which one word determines the label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from nni_nlp_bench.probing.encoder import Encoder
from nni_nlp_bench.probing.tasks import Example, Task

FILLERS = tuple(f"filler{i}" for i in range(40))
SIGNALS = ("bad", "good")


@dataclass(frozen=True)
class RunningMean:
    """Random embeddings; an output is the mean of the embeddings so far."""

    vocabulary: tuple[str, ...]
    embeddings: NDArray[np.float64]

    def outputs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        times = np.arange(1, len(tokens) + 1)[:, None, None]
        return np.cumsum(self.embeddings[tokens], axis=0) / times


@pytest.fixture
def synthetic() -> Callable[[Sequence[str]], Encoder]:
    """Makes an encoder of these words, the same every time."""

    def make(vocabulary: Sequence[str]) -> Encoder:
        embeddings = np.random.default_rng(5).normal(size=(len(vocabulary), 32))
        return RunningMean(tuple(vocabulary), embeddings)

    return make


@pytest.fixture
def encoder(synthetic: Callable[[Sequence[str]], Encoder]) -> Encoder:
    """A model that knows the words of the planted tasks."""
    return synthetic(("<unk>", *SIGNALS, *FILLERS))


@pytest.fixture
def planted(rng: np.random.Generator) -> Task:
    """The label of a sentence is whether it says good or bad; three of five are good."""

    def example() -> Example:
        label = int(rng.random() < 0.6)
        words = [*rng.choice(FILLERS, rng.integers(2, 9)), SIGNALS[label]]
        return Example(" ".join(rng.permutation(words)), None, label)

    train, dev = (tuple(example() for _ in range(size)) for size in (300, 200))
    return Task("planted", SIGNALS, ("accuracy", "f1", "matthews"), train, dev)


@pytest.fixture
def paired(rng: np.random.Generator) -> Task:
    """The label of a pair is whether both sentences have the same words."""

    def example() -> Example:
        label = int(rng.random() < 0.6)
        words = rng.choice(FILLERS, 6, replace=False)
        others = rng.permutation(words) if label else rng.choice(FILLERS, 6, replace=False)
        return Example(" ".join(words), " ".join(others), label)

    train, dev = (tuple(example() for _ in range(size)) for size in (300, 200))
    return Task("paired", ("different", "same"), ("accuracy",), train, dev)
