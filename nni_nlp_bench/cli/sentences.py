"""Labelled sentences and word vectors that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.words import Words


def load_words(data: str, vectors: str | None, seed: int) -> Words:
    """The sentences of a name or folder with vectors of a name or file. Raises UserError."""
    from nni_nlp_bench.data.sentences.sets import load_labelled_set
    from nni_nlp_bench.training.classification.words import Words

    return Words.of(load_labelled_set(data), vectors, seed=seed)
