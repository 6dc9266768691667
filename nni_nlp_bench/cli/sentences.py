"""Labelled sentences that options name, as words with vectors or as a teacher's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.words import Words


def load_sentences(data: str, vectors: str | None, teacher: str | None, seed: int) -> Words:
    """The sentences of a name or folder; `vectors` and `teacher` are names or places of theirs.

    Raises UserError.
    """
    from nni_nlp_bench.cli.output import bar
    from nni_nlp_bench.training.classification.words import Words

    if teacher is None:
        with bar("word vectors", in_bytes=True) as progress:
            return Words.load(data, vectors, seed, progress)
    if vectors is not None:
        raise UserError("a teacher has vectors of its own: leave --vectors out")
    from nni_nlp_bench.distillation.tokens import load_tokens

    return load_tokens(data, teacher)
