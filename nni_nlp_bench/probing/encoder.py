"""A trained language model as evaluations see it: words, their embeddings, and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.probing.errors import EvaluationError


class Encoder(Protocol):
    """A frozen language model. Plain attributes do as well as properties."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words; the id of a word is its position."""
        ...

    @property
    def embeddings(self) -> NDArray[np.float64]:
        """The input embeddings: words x width."""
        ...

    def outputs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Ids, time x batch, to the top layer's outputs, time x batch x width.

        In evaluation mode and from the zero state. An output depends on the ids at its own and
        earlier times of its own column alone.
        """
        ...


def check_embeddings(vocabulary: Sequence[str], embeddings: NDArray[np.float64]) -> None:
    """Raises EvaluationError unless there is one row of finite numbers a word."""
    if embeddings.ndim != 2 or len(embeddings) != len(vocabulary):
        shape = " x ".join(map(str, embeddings.shape))
        raise EvaluationError(
            f"embeddings of shape {shape} do not fit a vocabulary of {len(vocabulary)} words: "
            "give one row a word"
        )
    broken = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(broken):
        raise EvaluationError(
            f"the embedding of {vocabulary[broken[0]]!r} is not finite: the training diverged; "
            "take an earlier checkpoint"
        )
