"""Fixed features of sentences and pairs from a frozen language model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.probing.encoder import Encoder
from nni_nlp_bench.probing.errors import EvaluationError

POSITIONS = 8192
"""Ids in one batch, padding included: outputs of width 400 then take 26 MB."""
PADDING = 0

Ids = NDArray[np.int64]
Values = NDArray[np.float64]


def sentence_features(
    encoder: Encoder, sentences: Sequence[Ids], positions: int = POSITIONS
) -> Values:
    """Sentences x features: mean and last of the top layer's outputs, then the mean embedding.

    A sentence without ids has zeros. Raises EvaluationError where an output is not finite.
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
        raise EvaluationError("no sentence has a word of the vocabulary: take one in its language")
    if not np.isfinite(features).all():
        raise EvaluationError(
            "the model's outputs are not finite: the training diverged; take an earlier checkpoint"
        )
    return features


def pair_features(first: Values, second: Values) -> Values:
    """Pairs x four times the features: u, v, |u - v|, u * v.

    Conneau et al., Supervised Learning of Universal Sentence Representations, EMNLP 2017.
    """
    return np.hstack([first, second, abs(first - second), first * second])


def _outputs(encoder: Encoder, tokens: Ids) -> Values:
    outputs = encoder.outputs(tokens)
    if outputs.ndim != 3 or outputs.shape[:2] != tokens.shape:
        raise EvaluationError(
            f"the model answers ids of shape {tokens.shape} with outputs of shape {outputs.shape}: "
            "they must be time x batch x width"
        )
    return outputs


def _batches(sentences: Sequence[Ids], positions: int) -> Iterator[list[int]]:
    """Indices of sentences that have ids, the longest first, of like lengths together."""
    lengths = np.array([len(ids) for ids in sentences], dtype=np.int64)
    order = [int(i) for i in np.argsort(-lengths, kind="stable") if lengths[i]]
    start = 0
    while start < len(order):
        size = max(1, positions // int(lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _padded(sentences: Sequence[Ids]) -> Ids:
    """Time x batch. Padding follows a sentence, so that no output of its own hears of it."""
    tokens = np.full((max(map(len, sentences)), len(sentences)), PADDING, dtype=np.int64)
    for column, ids in enumerate(sentences):
        tokens[: len(ids), column] = ids
    return tokens
