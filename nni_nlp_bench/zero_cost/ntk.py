"""Condition number of the neural tangent kernel (W. Chen et al., TE-NAS, ICLR 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

NOT_FINITE = 1e5
"""Condition number of a kernel without a finite one, as in the published code."""


def ntk_condition(
    outputs: Sequence[Tensor], parameters: Sequence[Tensor], *, vectorized: bool = False
) -> float:
    """Return the condition number of G G', lower predicts easier training.

    Row i of G is the gradient of the summed outputs of sample i with respect to all parameters;
    those that a sample does not reach count as 0.

    Args:
        outputs: Outputs of each sample, with their autograd graph.
        parameters: Parameters that require gradients.
        vectorized: Whether to run one backward pass for all samples, several times as fast; it
            needs a gradient of every parameter and sample at once, and torch's own operations.
    """
    sums = torch.stack([output.sum() for output in outputs])
    kernel = torch.zeros(len(sums), len(sums), dtype=torch.float64)
    for gradient in (_all_at_once if vectorized else _one_by_one)(sums, parameters):
        rows = gradient.flatten(1).double()
        kernel += rows @ rows.t()
    return condition_number(kernel.numpy())


def _all_at_once(sums: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return the gradients (samples, ...) with respect to the parameters that have one."""
    ones = torch.eye(len(sums)).to(sums)
    found = torch.autograd.grad(sums, parameters, ones, is_grads_batched=True, allow_unused=True)
    return [gradient for gradient in found if gradient is not None]


def _one_by_one(sums: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return the same, by a backward pass for each sample."""
    found = [
        torch.autograd.grad(
            total, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        for total in sums
    ]
    return [torch.stack(of_parameter) for of_parameter in zip(*found, strict=True)]


def condition_number(kernel: NDArray[Any]) -> float:
    """Return the ratio of the largest to the smallest eigenvalue of a symmetric matrix.

    It is `NOT_FINITE` if the matrix is not finite, or no eigenvalue but the largest is positive.
    """
    if not np.isfinite(kernel).all():
        return NOT_FINITE
    values = np.linalg.eigvalsh(kernel)
    condition = values[-1] / values[0] if values[0] > 0 else np.inf
    return float(condition) if np.isfinite(condition) else NOT_FINITE
