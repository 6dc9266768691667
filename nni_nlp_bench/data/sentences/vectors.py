"""Pretrained word vectors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, is_folder, user_path
from nni_nlp_bench.core.registry import UnknownNameError
from nni_nlp_bench.data.sentences import glove
from nni_nlp_bench.data.sentences.vocabulary import PAD

GLOVE_6B_50D = "glove-6b-50d"
BOUND = 0.25
"""Vectors of unknown words are drawn from U(-BOUND, BOUND), as in TextNAS."""


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """One vector per word."""

    matrix: NDArray[np.float32]
    """Vectors (words, width)."""
    found: int
    """Number of words that the source has; others are random, and `<pad>` is zero."""
    source: str

    @classmethod
    def of(
        cls, words: Sequence[str], known: Mapping[str, NDArray[np.float32]], source: str, seed: int
    ) -> Vectors:
        """Build vectors in the order of the words. Raises UserError if none is known."""
        found = [i for i, word in enumerate(words) if word in known]
        if not found:
            raise UserError(f"{source} has no vector of any of the {len(words)} words")
        width = len(known[words[found[0]]])
        shape = (len(words), width)
        matrix = np.random.default_rng(seed).uniform(-BOUND, BOUND, shape).astype(np.float32)
        for i in found:
            matrix[i] = known[words[i]]
        if words[0] == PAD:
            matrix[0] = 0
        return cls(matrix, len(found), source)


def load_vectors(
    source: str,
    words: Sequence[str],
    *,
    seed: int = 0,
    progress: glove.Progress = glove.no_progress,
) -> Vectors:
    """Load vectors of words from a file or `glove-6b-50d`. Raises UserError."""
    return Vectors.of(words, find_vectors(source, words, progress), source, seed)


def find_vectors(
    source: str, words: Collection[str], progress: glove.Progress = glove.no_progress
) -> dict[str, NDArray[np.float32]]:
    """Return the vectors of those words that the source has.

    It serves as `known` of a vocabulary, whose matrix is then `Vectors.of`: one pass over the
    file for both. Raises UserError.
    """
    wanted = frozenset(words)
    if source == GLOVE_6B_50D:
        return glove.from_package(wanted)
    path = user_path(source)
    if not exists(path) or is_folder(path):
        raise UnknownNameError(
            f"unknown vectors {source!r}; known: {GLOVE_6B_50D}, or a file in GloVe's text format, "
            "plain or .gz"
        )
    return glove.from_file(path, wanted, progress)
