"""Cross-entropy of the outputs of a linear layer, a few rows at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from search_spaces.onednn import multiply

_ROWS = 256
"""Rows whose logits exist at the same time: few enough for the cache of a processor."""


def linear_cross_entropy(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy of the logits x W^T + b, once differentiable.

    On the CPU, the logits of a few rows at a time are computed together with their gradients, so
    that they are never written to memory. Under autocast, and on other devices, it is torch's
    linear layer and cross-entropy.

    Args:
        x: (rows, width).
        weight: W, (classes, width).
        bias: b, (classes,).
        targets: Class of each row, (rows,).

    Returns:
        The loss in nats per row, a scalar.
    """
    kind = x.device.type
    if kind != "cpu" or torch.is_autocast_enabled(kind):
        return functional.cross_entropy(functional.linear(x, weight, bias), targets)
    apply: Any = _LinearCrossEntropy.apply
    loss: Tensor = apply(torch.is_grad_enabled(), x, weight, bias, targets)
    return loss


class _LinearCrossEntropy(torch.autograd.Function):
    """(whether gradients are needed, x, weight, bias, targets) -> loss."""

    @staticmethod
    def forward(
        ctx: Any, grad: bool, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor
    ) -> Tensor:
        """Compute the loss, and its gradients where they are needed."""
        losses, x_grad = x.new_empty(len(x)), torch.empty_like(x)
        weight_grad = weight.new_zeros(weight.t().shape)
        bias_grad = torch.zeros_like(bias)
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            column = targets[rows].unsqueeze(1)
            values = multiply(x[rows], weight.t(), bias)
            values -= values.amax(1, keepdim=True)
            of_targets = values.gather(1, column)
            total = values.exp_().sum(1, keepdim=True)
            losses[rows] = (total.log() - of_targets).squeeze(1)
            if grad:
                values.scatter_add_(1, column, -total)
                scale = 1 / (len(x) * total)  # times the values: the gradient of the logits
                x_grad[rows] = scale * multiply(values, weight)
                weight_grad += multiply((scale * x[rows]).t(), values)
                bias_grad += scale.squeeze(1) @ values
        if grad:
            ctx.save_for_backward(x_grad, weight_grad.t(), bias_grad)
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, weight and bias."""
        return None, *(grad * found for found in ctx.saved_tensors), None
