"""The cheapest way to move weights from some places to others."""

from __future__ import annotations

import torch
from torch import Tensor

from search_spaces.errors import UserError


def transport_plan(sources: Tensor, targets: Tensor, costs: Tensor) -> Tensor:
    """The plan (n, m) of least sum(plan * costs): exact, on the CPU, without gradient.

    `sources` (n) and `targets` (m) are weights, of which only proportions count: the plan's rows
    and columns sum to theirs of a total of 1. `costs` (n, m): lower is cheaper. Raises UserError.
    """
    import ot

    supply, demand, prices = (side.detach().double().cpu() for side in (sources, targets, costs))
    _check(supply, demand, prices)
    # POT's own arrays are those of NumPy: tensors take it ten times as long.
    plan = ot.emd(
        *(side.numpy() for side in (supply / supply.sum(), demand / demand.sum(), prices))
    )
    return torch.from_numpy(plan)


def _check(sources: Tensor, targets: Tensor, costs: Tensor) -> None:
    if costs.shape != (*sources.shape, *targets.shape):
        raise UserError(
            f"costs {tuple(costs.shape)} are not those of {tuple(sources.shape)} sources "
            f"and {tuple(targets.shape)} targets"
        )
    if not costs.isfinite().all():
        raise UserError("a cost of transport is not finite")
    for side, weights in {"sources": sources, "targets": targets}.items():
        if not (weights.isfinite().all() and (weights >= 0).all() and weights.any()):
            raise UserError(f"weights of {side} must be positive, not {weights.tolist()}")
