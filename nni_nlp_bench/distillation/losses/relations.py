"""Token relations: softmax-normalized similarities between the hidden states of a sentence."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nni_nlp_bench.distillation.losses.padding import mask_padding

MASKED = -1e4


def relations_of(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return the token relations softmax(X X' / sqrt(width)) over the keys.

    Li et al., KD-NAS-EMD (SIGIR 2021).

    Args:
        hidden: Hidden states, (..., batch, length, width).
        mask: True at tokens, (batch, length).

    Returns:
        Relations (..., batch, length, length): 0 at padded keys and in the rows of padded queries.
    """
    relations: Tensor = _Relations.apply(hidden, mask)  # type: ignore[no-untyped-call]
    return relations


class _Relations(torch.autograd.Function):
    """Relations with a hand-written gradient.

    Both factors of X X' are the same tensor, so its gradient takes one matrix product instead of
    autograd's two. The products take nearly all of the time.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the relations of hidden (..., batch, length, width) and a mask (batch, length)."""
        scores = hidden @ hidden.transpose(-1, -2)
        if not scores.sum().isfinite():  # padding would affect the gradients of tokens
            hidden = mask_padding(hidden, mask)
            scores = hidden @ hidden.transpose(-1, -2)
        words = mask.to(hidden)  # multiplication is ten times faster than masked_fill
        keys, queries = words[:, None, :], words[:, :, None]
        scores *= keys / math.sqrt(hidden.shape[-1])
        scores += MASKED * (1 - keys)
        relations = scores.softmax(-1).mul_(queries)
        ctx.save_for_backward(hidden, relations)
        return relations

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the gradient of hidden: 0 at padding, where relations are 0."""
        hidden, relations = ctx.saved_tensors
        scores = relations * gradient
        scores.addcmul_(relations, scores.sum(-1, keepdim=True), value=-1)
        scores = scores + scores.transpose(-1, -2)
        scores /= math.sqrt(hidden.shape[-1])
        # Width before length in memory, as in convolutional layers, whose gradients are added here.
        return (hidden.transpose(-1, -2) @ scores).transpose(-1, -2), None
