"""How much the words of a sentence attend to each other by what a layer makes of them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nni_nlp_bench.distillation.losses.padding import words_only

MASKED = -1e4


def relations_of(hidden: Tensor, mask: Tensor) -> Tensor:
    """softmax(X X' / sqrt(width)) over the keys: (..., batch, length, width) to (..., batch,
    length, length), 0 at padded keys and in the rows of padded queries.

    Li et al., KD-NAS-EMD (SIGIR 2021). `mask` (batch, length) is true at words.
    """
    relations: Tensor = _Relations.apply(hidden, mask)  # type: ignore[no-untyped-call]
    return relations


class _Relations(torch.autograd.Function):
    """Both factors of X X' are one tensor: its gradient takes one product where autograd, which
    does not know, takes two. The products are nearly all of the time."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, mask: Tensor) -> Tensor:
        """Relations of hidden (..., batch, length, width) and a mask (batch, length) of words."""
        scores = hidden @ hidden.transpose(-1, -2)
        if not scores.sum().isfinite():  # what padding holds would reach the gradients of words
            hidden = words_only(hidden, mask)
            scores = hidden @ hidden.transpose(-1, -2)
        words = mask.to(hidden)  # factors: ten times as fast as to fill by a mask
        keys, queries = words[:, None, :], words[:, :, None]
        scores *= keys / math.sqrt(hidden.shape[-1])
        scores += MASKED * (1 - keys)
        relations = scores.softmax(-1).mul_(queries)
        ctx.save_for_backward(hidden, relations)
        return relations

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Gradients of hidden: those of padding are 0, as relations are there."""
        hidden, relations = ctx.saved_tensors
        scores = relations * gradient
        scores.addcmul_(relations, scores.sum(-1, keepdim=True), value=-1)
        scores = scores + scores.transpose(-1, -2)
        scores /= math.sqrt(hidden.shape[-1])
        # Width before length in memory, as layers of convolutions and what is added up there.
        return (hidden.transpose(-1, -2) @ scores).transpose(-1, -2), None
