"""How much the words of a sentence attend to each other by what a layer makes of them."""

from __future__ import annotations

import math

from torch import Tensor

from nni_nlp_bench.distillation.padding import pairs_only, words_only

MASKED = -1e4


def relations_of(hidden: Tensor, mask: Tensor) -> Tensor:
    """softmax(X X' / sqrt(width)) over the keys: (..., batch, length, width) to (..., batch,
    length, length), 0 at padded keys and in the rows of padded queries.

    J. Li et al., KD-NAS-EMD (SIGIR 2021). `mask` (batch, length) is true at words.
    """
    products = _products(hidden)
    if not products.isfinite().all():  # what padding holds would reach the gradients of words
        products = _products(words_only(hidden, mask))
    scores = products / math.sqrt(hidden.shape[-1])
    attention = scores.masked_fill(~mask.bool()[:, None, :], MASKED).softmax(-1)
    return pairs_only(attention, mask)


def _products(hidden: Tensor) -> Tensor:
    """X X'. One factor is a constant: both have the same gradient up to its being transposed, so
    that of the sum of both orders takes one product in place of two."""
    products = hidden @ hidden.detach().transpose(-1, -2)
    return products + products.transpose(-1, -2) - products.detach()
