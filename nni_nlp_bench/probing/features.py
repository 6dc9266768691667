"""Features of sentences and pairs from a frozen language model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.probing.encoder import Encoder
from nni_nlp_bench.probing.errors import EvaluationError

POSITIONS = 8192
"""Token ids per batch, including padding: outputs of width 400 then take 26 MB."""
PADDING = 0

Ids = NDArray[np.int64]
Values = NDArray[np.float64]


def sentence_features(
    encoder: Encoder, sentences: Sequence[Ids], positions: int = POSITIONS
) -> Values:
    """Return features (sentences, features) of a frozen model.

    Concatenates the mean and the last of the top layer's outputs and the mean embedding. The
    features of a sentence without ids are 0. Raises EvaluationError if an output is not finite.
    """
    features: Values | None = None
    for batch in _batches(sentences, positions):
        lengths = [len(sentences[i]) for i in batch]
        outputs = _outputs(encoder, _padded([sentences[i] for i in batch]))
        for column, (i, length) in enumerate(zip(batch, lengths, strict=True)):
            own = outputs[:length, column]
            mean = encoder.embeddings[sentences[i]].mean(axis=0)
            row = np.concatenate([own.mean(axis=0), own[-1], mean])
            if features is None:
                features = np.zeros((len(sentences), len(row)))
            features[i] = row
    if features is None:
        raise EvaluationError(
            "no sentence has a word of the vocabulary: take a vocabulary of the same language"
        )
    if not np.isfinite(features).all():
        raise EvaluationError(
            "the model's outputs are not finite: the training diverged; take an earlier checkpoint"
        )
    return features


def pair_features(first: Values, second: Values) -> Values:
    """Return pair features (pairs, 4 * features): u, v, |u - v|, u * v.

    Conneau et al., Supervised Learning of Universal Sentence Representations, EMNLP 2017.
    """
    return np.hstack([first, second, abs(first - second), first * second])


def _outputs(encoder: Encoder, tokens: Ids) -> Values:
    outputs = encoder.outputs(tokens)
    if outputs.ndim != 3 or outputs.shape[:2] != tokens.shape:
        raise EvaluationError(
            f"the model's outputs for ids of shape {tokens.shape} have the shape {outputs.shape}: "
            "it must be (time, batch, width)"
        )
    return outputs


def _batches(sentences: Sequence[Ids], positions: int) -> Iterator[list[int]]:
    """Yield batches of indices of non-empty sentences of similar length, longest first."""
    lengths = np.array([len(ids) for ids in sentences], dtype=np.int64)
    order = [int(i) for i in np.argsort(-lengths, kind="stable") if lengths[i]]
    start = 0
    while start < len(order):
        size = max(1, positions // int(lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _padded(sentences: Sequence[Ids]) -> Ids:
    """Return ids (time, batch). Padding follows a sentence, so that it does not affect it."""
    tokens = np.full((max(map(len, sentences)), len(sentences)), PADDING, dtype=np.int64)
    for column, ids in enumerate(sentences):
        tokens[: len(ids), column] = ids
    return tokens
