"""Selection of tokens and token pairs from padded batches."""

from __future__ import annotations

from torch import Tensor


def mask_padding(hidden: Tensor, mask: Tensor) -> Tensor:
    """Set padding of (..., batch, length, width) to 0, given a mask (batch, length)."""
    return hidden.masked_fill(~mask.bool()[..., None], 0)


def select_tokens(hidden: Tensor, mask: Tensor) -> Tensor:
    """Select (..., tokens, width) of (..., batch, length, width), given a mask (batch, length)."""
    return hidden.flatten(-3, -2).index_select(-2, _indices(mask.bool()))


def select_pairs(relations: Tensor, mask: Tensor) -> Tensor:
    """Select (..., token pairs) of (..., batch, length, length), given a mask (batch, length)."""
    words = mask.bool()
    return relations.flatten(-3).index_select(-1, _indices(words[:, :, None] & words[:, None, :]))


def mean_square(errors: Tensor) -> Tensor:
    """Return the mean square of the errors; 0 if there are none."""
    return errors.square().sum() / max(errors.numel(), 1)


def _indices(mask: Tensor) -> Tensor:
    # About ten times faster than a boolean index, which torch resolves for each layer.
    return mask.flatten().nonzero().squeeze(1)
