"""Exact optimal transport between discrete distributions."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nni_nlp_bench.core.errors import UserError

Array = NDArray[np.float64]


def transport_plan(sources: Tensor, targets: Tensor, costs: Tensor) -> Tensor:
    """Return the plan (n, m) that minimizes sum(plan * costs), on the CPU and without a gradient.

    Args:
        sources: Weights (n,), normalized to a sum of 1.
        targets: Weights (m,), normalized to a sum of 1.
        costs: Cost per unit of weight, (n, m).

    Raises:
        UserError: A weight is negative, all weights are 0, a value is not finite, or shapes differ.
    """
    import ot

    # POT and the checks are many times faster on NumPy arrays than on tensors.
    arrays = [side.detach().cpu().double().numpy() for side in (sources, targets, costs)]
    _check(*arrays)
    supply, demand, prices = arrays
    return torch.from_numpy(ot.emd(supply / supply.sum(), demand / demand.sum(), prices))


def _check(sources: Array, targets: Array, costs: Array) -> None:
    if costs.shape != (*sources.shape, *targets.shape):
        raise UserError(
            f"costs {costs.shape} are not those of {sources.shape} sources "
            f"and {targets.shape} targets"
        )
    if not np.isfinite(costs).all():
        raise UserError("a cost of transport is not finite")
    for side, weights in {"sources": sources, "targets": targets}.items():
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise UserError(f"weights of {side} must be positive, not {weights.tolist()}")
