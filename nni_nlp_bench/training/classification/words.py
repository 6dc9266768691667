"""Labelled sentences together with the numbers and vectors of their words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from nni_nlp_bench.data.sentences.vectors import BOUND, Vectors, find_vectors
from nni_nlp_bench.data.sentences.vocabulary import Numbering, Vocabulary

DRAWN_WIDTH = 300


@dataclass(frozen=True, eq=False)
class EmbeddedDataset:
    """What a classifier starts from."""

    data: LabelledSet
    vocabulary: Numbering
    matrix: NDArray[np.float32]
    """(words, width): the first vectors of the words."""
    source: str
    """Whose vectors they are, or that they were drawn."""
    found: int
    """Words that the source has."""

    @classmethod
    def load(
        cls, data: str, vectors: str | None, seed: int, progress: Progress = no_progress
    ) -> EmbeddedDataset:
        """Of sentences by name or folder, and vectors by name or file. Raises UserError."""
        return cls.of(load_labelled_set(data), vectors, seed=seed, progress=progress)

    @classmethod
    def of(
        cls,
        data: LabelledSet,
        vectors: str | None = None,
        *,
        width: int = DRAWN_WIDTH,
        min_count: int = 1,
        seed: int = 0,
        progress: Progress = no_progress,
    ) -> EmbeddedDataset:
        """With the vectors of a file or package, or, by default, drawn ones of that width.

        Words of the dev and test parts are kept only if the vectors have them. Raises UserError.
        """
        if vectors is None:
            if width < 1:
                raise UserError(f"the width of word vectors must be at least 1, got {width}")
            vocabulary = Vocabulary.of(data, min_count)
            rng = np.random.default_rng(seed)
            matrix = rng.uniform(-BOUND, BOUND, (len(vocabulary), width)).astype(np.float32)
            matrix[0] = 0
            return cls(data, vocabulary, matrix, f"random, {width} wide, seed {seed}", 0)
        sentences = (*data.train, *data.dev, *data.test)
        known = find_vectors(vectors, {word for s in sentences for word in s.words}, progress)
        vocabulary = Vocabulary.of(data, min_count, known)
        found = Vectors.of(vocabulary.words, known, vectors, seed)
        return cls(data, vocabulary, found.matrix, found.source, found.found)


def subsample_train(words: EmbeddedDataset, share: float, seed: int) -> EmbeddedDataset:
    """The same with that share of the training part, at least a sentence, drawn by the seed."""
    train = words.data.train
    count = max(1, round(share * len(train)))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(train))[:count])
    parts = {"train": [train[i] for i in chosen], "dev": words.data.dev, "test": words.data.test}
    data = LabelledSet.of(f"{count} of {words.data.name}", words.data.labels, parts)
    return replace(words, data=data)
