"""Labelled sentences and word vectors that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.words import Words


def load_words(data: str, vectors: str | None, seed: int) -> Words:
    """The sentences of a name or folder with vectors of a name or file. Raises UserError."""
    from nni_nlp_bench.cli.output import bar
    from nni_nlp_bench.training.classification.words import Words

    with bar("word vectors", in_bytes=True) as progress:
        return Words.load(data, vectors, seed, progress)
