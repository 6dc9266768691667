"""Interface of the language models that can be probed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.probing.errors import EvaluationError


class Encoder(Protocol):
    """A frozen language model. Attributes may replace the properties."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Words; the id of a word is its index."""
        ...

    @property
    def embeddings(self) -> NDArray[np.float64]:
        """Input embeddings, (words, width)."""
        ...

    def outputs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the top layer's outputs (time, batch, width) of token ids (time, batch).

        In evaluation mode and from the zero state. An output depends only on the ids at the same
        and earlier steps of its column.
        """
        ...


def check_embeddings(vocabulary: Sequence[str], embeddings: NDArray[np.float64]) -> None:
    """Raise EvaluationError unless there is one finite row per word."""
    if embeddings.ndim != 2 or len(embeddings) != len(vocabulary):
        shape = " x ".join(map(str, embeddings.shape))
        raise EvaluationError(
            f"embeddings of shape {shape} do not fit a vocabulary of {len(vocabulary)} words: "
            "give one row per word"
        )
    broken = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(broken):
        raise EvaluationError(
            f"the embedding of {vocabulary[broken[0]]!r} is not finite: the training diverged; "
            "take an earlier checkpoint"
        )
