"""The window of text that scores read."""

from __future__ import annotations

from functools import cache

from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.batches import columns
from nni_nlp_bench.data.corpora import load_corpus


@cache
def batch(corpus: str, count: int, steps: int) -> tuple[int, Tensor]:
    """Number of words of a corpus, and the first window (steps, columns) of its test part.

    Raises UserError.
    """
    text = load_corpus(corpus)
    rows = columns(text.test, count)
    if len(rows) < steps:
        raise UserError(
            f"the test part of {corpus} has {len(text.test):,} tokens, too few for {count} columns "
            f"of {steps} steps"
        )
    return len(text.vocabulary), rows[:steps]
