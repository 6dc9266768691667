"""What counts of padded layers: words, and pairs of words of one sentence."""

from __future__ import annotations

from torch import Tensor


def words_only(hidden: Tensor, mask: Tensor) -> Tensor:
    """(..., batch, length, width) of a mask (batch, length) to the same, 0 at padding."""
    return hidden.masked_fill(~mask.bool()[..., None], 0)


def word_pairs(mask: Tensor) -> Tensor:
    """(batch, length, length) of a mask (batch, length): true where both are words."""
    words = mask.bool()
    return words[:, :, None] & words[:, None, :]


def pairs_only(relations: Tensor, mask: Tensor) -> Tensor:
    """(..., batch, length, length) of a mask (batch, length) to the same, 0 at padding."""
    return relations.masked_fill(~word_pairs(mask), 0)


def count_pairs(mask: Tensor) -> Tensor:
    """How many pairs of words there are, at least 1."""
    return mask.sum(1).square().sum().clamp_min(1)


def count_words(mask: Tensor) -> Tensor:
    """How many words there are, at least 1."""
    return mask.sum().clamp_min(1)
