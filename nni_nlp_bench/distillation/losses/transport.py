"""The cheapest way to move weights from some places to others."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nni_nlp_bench.core.errors import UserError

Array = NDArray[np.float64]


def transport_plan(sources: Tensor, targets: Tensor, costs: Tensor) -> Tensor:
    """The plan (n, m) of least sum(plan * costs): exact, on the CPU, without gradient.

    `sources` (n) and `targets` (m) are weights, of which only proportions count: the plan's rows
    and columns sum to theirs of a total of 1. `costs` (n, m): lower is cheaper. Raises UserError.
    """
    import ot

    # POT and the checks are many times as fast on NumPy's arrays as on tensors.
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
