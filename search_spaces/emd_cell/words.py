"""Columns of words without those of padding, and batch norm of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


@dataclass(frozen=True, slots=True)
class Words:
    """Where words stand among all places of a batch, ordered by place and then by sentence."""

    columns: Tensor | None
    """Numbers of the places where words stand; None if there is no padding."""
    padding: Tensor
    """(1, batch, length), true where no word stands."""

    @classmethod
    def of(cls, padding: Tensor) -> Words:
        """Return the words of a padding (batch, 1, length)."""
        columns = (~padding.squeeze(1)).t().flatten().nonzero().squeeze(1)
        whole = len(columns) == padding.numel()
        return cls(None if whole else columns, padding.transpose(0, 1))

    @property
    def places(self) -> int:
        """Number of places, with and without words."""
        return self.padding.numel()

    def select(self, values: Tensor) -> Tensor:
        """Return the columns of words (..., words) of all columns (..., places)."""
        if self.columns is None:
            return values
        found: Tensor = _Select.apply(values, self.columns)  # type: ignore[no-untyped-call]
        return found

    def spread(self, values: Tensor) -> Tensor:
        """Return all columns (..., places), 0 at padding, of those of words (..., words)."""
        if self.columns is None:
            return values
        zeros = values.new_zeros(*values.shape[:-1], self.places)
        return zeros.scatter(-1, self.columns.expand_as(values), values)


class _Select(torch.autograd.Function):
    """Different columns of a tensor. Torch's own gradient adds them up one after another."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, columns: Tensor) -> Tensor:
        ctx.save_for_backward(columns)
        ctx.shape = values.shape
        rows = values.reshape(-1, values.shape[-1])  # of more dimensions it takes 50 times as long
        return rows.index_select(1, columns).view(*values.shape[:-1], len(columns))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (columns,) = ctx.saved_tensors
        return grad.new_zeros(ctx.shape).scatter_(-1, columns.expand_as(grad), grad), None


def normed_by_batch(
    rows: Tensor, weight: Tensor, bias: Tensor, counted: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch norm of channels by the statistics of a batch.

    Args:
        rows: (channels, words).
        weight: (channels,).
        bias: (channels,).
        counted: Number of places that count in the statistics, those beyond the words as 0.
        eps: What is added to the variance.

    Returns:
        The normed rows, and the mean and variance of each channel.
    """
    found: tuple[Tensor, Tensor, Tensor] = _BatchNorm.apply(  # type: ignore[no-untyped-call]
        rows, weight, bias, counted, eps
    )
    return found


class _BatchNorm(torch.autograd.Function):
    """y = (x - mean) * rstd * weight + bias, with the statistics of x and of further zeros.

    With the share r of words among all places and their own mean m and mean square s, the mean is
    r m and the variance r s - (r m)^2.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor, counted: int, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        share = rows.shape[1] / counted
        mean = share * rows.mean(1)
        square = torch.linalg.vector_norm(rows, dim=1).square() / counted
        variance = (square - mean.square()).clamp_(min=0)
        rstd = (variance + eps).rsqrt()
        scale = weight * rstd
        normed = torch.addcmul((bias - mean * scale)[:, None], rows, scale[:, None])
        ctx.save_for_backward(rows, weight, mean, rstd)
        ctx.counted = counted
        ctx.mark_non_differentiable(mean, variance)
        return normed, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        rows, weight, mean, rstd = ctx.saved_tensors
        scale = weight * rstd
        of_bias = grad.sum(1)
        of_weight = rstd * (torch.linalg.vecdot(grad, rows) - mean * of_bias)
        slope = -of_weight * scale * rstd / ctx.counted
        offset = -scale * of_bias / ctx.counted - slope * mean
        of_rows = torch.addcmul(offset[:, None], rows, slope[:, None])
        of_rows.addcmul_(grad, scale[:, None])
        return of_rows, of_weight, of_bias, None, None
