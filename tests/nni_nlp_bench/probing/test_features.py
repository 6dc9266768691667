"""Features by hand, independent of the other sentences of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nni_nlp_bench.probing import features
from nni_nlp_bench.probing.encoder import Encoder
from nni_nlp_bench.probing.errors import EvaluationError
from nni_nlp_bench.probing.features import pair_features, sentence_features

Make = Callable[[Sequence[str]], Encoder]


class Recorder:
    """A recurrent model of 3 words and 5 outputs that notes the batches it saw."""

    vocabulary = ("a", "b", "c")

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.embeddings = rng.normal(size=(3, 4))
        self.inward, self.onward = rng.normal(size=(4, 5)), rng.normal(size=(5, 5))
        self.batches: list[NDArray[np.int64]] = []

    def outputs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        self.batches.append(tokens)
        state, states = np.zeros((tokens.shape[1], 5)), []
        for ids in tokens:
            # einsum adds in one order, whatever the batch: a matrix product need not.
            moved = np.einsum("bi,io->bo", state, self.onward)
            state = np.tanh(np.einsum("bi,io->bo", self.embeddings[ids], self.inward) + moved)
            states.append(state)
        return np.array(states)


def test_mean_last_and_mean_embedding_by_hand(synthetic: Make) -> None:
    encoder = synthetic("xyz")
    x, y, z = encoder.embeddings
    (found,) = sentence_features(encoder, [np.array([2, 0, 1])])
    outputs = np.array([z, (z + x) / 2, (z + x + y) / 3])
    assert found == pytest.approx(np.concatenate([outputs.mean(0), outputs[-1], (x + y + z) / 3]))


def test_pairs_by_hand() -> None:
    found = pair_features(np.array([[1.0, -2.0]]), np.array([[3.0, 0.5]]))
    assert found.tolist() == [[1, -2, 3, 0.5, 2, 2.5, 3, -1]]


SENTENCES = st.lists(st.lists(st.integers(0, 2), max_size=9), min_size=1, max_size=12).filter(any)


@given(SENTENCES, st.integers(1, 60))
def test_neither_padding_nor_company_changes_a_feature(
    lists: list[list[int]], positions: int
) -> None:
    sentences = [np.array(ids, dtype=np.int64) for ids in lists]
    together = sentence_features(Recorder(), sentences, positions)
    assert together.shape == (len(sentences), 5 + 5 + 4)
    for row, ids in zip(together, sentences, strict=True):
        alone = sentence_features(Recorder(), [ids])[0] if len(ids) else np.zeros(14)
        assert (row == alone).all()


def test_what_the_padding_is_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [np.arange(length) % 3 for length in (1, 4, 2, 7)]
    expected = sentence_features(Recorder(), sentences)
    monkeypatch.setattr(features, "PADDING", 2)
    assert (sentence_features(Recorder(), sentences) == expected).all()


def test_batches_hold_like_lengths_and_keep_to_their_size() -> None:
    encoder = Recorder()
    lengths = (1, 9, 2, 8, 2, 20)
    sentence_features(encoder, [np.zeros(length, dtype=np.int64) for length in lengths], 18)
    assert [batch.shape for batch in encoder.batches] == [(20, 1), (9, 2), (2, 3)]


def test_what_cannot_be_features_is_refused(synthetic: Make) -> None:
    encoder: Any = synthetic("xyz")
    with pytest.raises(EvaluationError, match="no sentence has a word of the vocabulary"):
        sentence_features(encoder, [np.array([], dtype=np.int64)])
    broken = replace(encoder, embeddings=encoder.embeddings * [[1], [np.inf], [1]])
    with pytest.raises(EvaluationError, match="the model's outputs are not finite"):
        sentence_features(broken, [np.array([0, 1])])

    class Turned(Recorder):
        def outputs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
            return super().outputs(tokens).swapaxes(0, 1)

    with pytest.raises(EvaluationError, match=r"shape \(2, 1\) have the shape \(1, 2, 5\)"):
        sentence_features(Turned(), [np.array([0, 1])])
