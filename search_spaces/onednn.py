"""Matrix products of oneDNN, where they are faster than torch's own.

On the CPU torch multiplies single precision by MKL, which takes twice as long as oneDNN on
processors that are not Intel's, and less long on those. oneDNN's calls cost more, which counts for
small matrices.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_LEAST_MULTIPLICATIONS = 1 << 20


def has_onednn() -> bool:
    """Return whether this torch has oneDNN."""
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


@cache
def is_intel() -> bool:
    """Return whether the processor is one of Intel's; False if unknown."""
    description = Path("/proc/cpuinfo")
    return description.is_file() and "GenuineIntel" in description.read_text("utf-8")


def is_faster(a: Tensor, columns: int) -> bool:
    """Return whether oneDNN is faster for a (rows, inner) times a matrix of so many columns."""
    return (
        a.shape[-2] * a.shape[-1] * columns >= _LEAST_MULTIPLICATIONS
        and a.device.type == "cpu"
        and a.dtype == torch.float32
        and has_onednn()
        and not is_intel()
    )


def product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a (rows, inner) times b (inner, columns), plus a bias (columns,)."""
    if not (b.is_contiguous() or b.t().is_contiguous()):
        b = b.contiguous()  # columns of a wider matrix would take a thousand times as long
    found: Tensor = torch.ops.mkldnn._linear_pointwise(a, b.t(), bias, "none", [], "")
    return found


def multiply(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a (..., rows, inner) times b (..., inner, columns), plus a bias (..., columns).

    For use without autograd.
    """
    if a.ndim == 2 and is_faster(a, b.shape[1]):
        return product(a, b, bias)
    if bias is None:
        return a @ b
    return torch.addmm(bias, a, b) if a.ndim == 2 else torch.baddbmm(bias.unsqueeze(-2), a, b)


def multiply_maps(matrices: Tensor, values: Tensor) -> Tensor:
    """Return matrices (maps, rows, inner) times values (maps, inner, columns), with autograd."""
    if torch.is_autocast_enabled(values.device.type) or not is_faster(matrices, values.shape[2]):
        return matrices @ values
    found: Tensor = _Maps.apply(matrices, values)  # type: ignore[no-untyped-call]
    return found


class _Maps(torch.autograd.Function):
    """One product of oneDNN for each map."""

    @staticmethod
    def forward(ctx: Any, matrices: Tensor, values: Tensor) -> Tensor:
        values = values.contiguous()
        ctx.save_for_backward(matrices, values)
        return _products(matrices, values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        matrices, values = ctx.saved_tensors
        grad = grad.contiguous()
        of_matrices, of_values = ctx.needs_input_grad
        return (
            _products(grad, values.mT) if of_matrices else None,
            _products(matrices.mT, grad) if of_values else None,
        )


def _products(a: Tensor, b: Tensor) -> Tensor:
    found = a.new_empty(len(a), a.shape[1], b.shape[2])
    for result, left, right in zip(found, a, b, strict=True):
        result.copy_(product(left, right))
    return found
