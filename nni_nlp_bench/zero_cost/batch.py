"""The batch of text that zero-cost scores are computed on."""

from __future__ import annotations

from functools import cache

from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.batches import columns
from nni_nlp_bench.data.corpora import load_corpus


@cache
def batch(corpus: str, count: int, steps: int) -> tuple[int, Tensor]:
    """Return the vocabulary size of a corpus and the first window of its test set.

    The window has the shape (steps, count). Raises UserError if the test set is too short.
    """
    text = load_corpus(corpus)
    rows = columns(text.test, count)
    if len(rows) < steps:
        raise UserError(
            f"the test set of {corpus} has {len(text.test):,} tokens, too few for {count} columns "
            f"of {steps} steps"
        )
    return len(text.vocabulary), rows[:steps]
