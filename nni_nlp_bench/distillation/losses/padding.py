"""What counts of padded layers: words, and pairs of words of one sentence."""

from __future__ import annotations

from torch import Tensor


def words_only(hidden: Tensor, mask: Tensor) -> Tensor:
    """(..., batch, length, width) of a mask (batch, length) to the same, 0 at padding."""
    return hidden.masked_fill(~mask.bool()[..., None], 0)


def select_tokens(hidden: Tensor, mask: Tensor) -> Tensor:
    """(..., batch, length, width) of a mask (batch, length) to (..., words, width)."""
    return hidden.flatten(-3, -2).index_select(-2, _places(mask.bool()))


def select_pairs(relations: Tensor, mask: Tensor) -> Tensor:
    """(..., batch, length, length) of a mask (batch, length) to (..., pairs of words)."""
    words = mask.bool()
    return relations.flatten(-3).index_select(-1, _places(words[:, :, None] & words[:, None, :]))


def mean_square(errors: Tensor) -> Tensor:
    """Their mean square; 0 where there are none."""
    return errors.square().sum() / max(errors.numel(), 1)


def _places(mask: Tensor) -> Tensor:
    # Some ten times as fast as an index of booleans, which torch looks up for each layer.
    return mask.flatten().nonzero().squeeze(1)
