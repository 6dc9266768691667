"""Labelled sentences with word ids and vectors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from nni_nlp_bench.data.sentences.vectors import BOUND, Vectors, find_vectors
from nni_nlp_bench.data.sentences.vocabulary import Numbering, Vocabulary

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.batches import Encoded

DRAWN_WIDTH = 300


@dataclass(frozen=True, eq=False)
class EmbeddedDataset:
    """Labelled sentences with a vocabulary and word vectors."""

    data: LabelledSet
    vocabulary: Numbering
    matrix: NDArray[np.float32]
    """Initial word vectors, (words, width)."""
    source: str
    """Source of the vectors, or that they are random."""
    found: int
    """Number of words that the source has."""
    _encoded: dict[tuple[tuple[str, ...], int], Encoded] = field(
        default_factory=dict, init=False, repr=False
    )

    def encoded(self, parts: tuple[str, ...], max_length: int) -> Encoded:
        """Return the sentences of some parts, truncated to so many words; encoded once."""
        from nni_nlp_bench.training.classification.batches import Encoded

        if (parts, max_length) not in self._encoded:
            sentences = [s for part in parts for s in getattr(self.data, part)]
            found = Encoded.of(sentences, self.vocabulary, max_length)
            self._encoded[parts, max_length] = found
        return self._encoded[parts, max_length]

    @classmethod
    def load(
        cls, data: str, vectors: str | None, seed: int, progress: Progress = no_progress
    ) -> EmbeddedDataset:
        """Load sentences by name or path, and vectors by name or file. Raises UserError."""
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
        """Combine sentences with vectors of a file or package, or random ones of that width.

        Words that occur only in dev or test are kept if the vectors have them. Raises UserError.
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
    """Return a random fraction of the training set, at least one sentence, with dev and test."""
    train = words.data.train
    count = max(1, round(share * len(train)))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(train))[:count])
    parts = {"train": [train[i] for i in chosen], "dev": words.data.dev, "test": words.data.test}
    data = LabelledSet.of(f"{count} of {words.data.name}", words.data.labels, parts)
    return replace(words, data=data)
