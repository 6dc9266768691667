"""Pairwise layer costs."""

from __future__ import annotations

from torch import Tensor


def mean_squared_costs(ours: Tensor, theirs: Tensor) -> Tensor:
    """Return mean squared errors (n, m) between layers (n, values) and layers (m, values).

    |a - b|^2 = |a|^2 - 2ab + |b|^2 needs one matrix product only. Both sides are centred at the
    mean of `theirs`, so that rounding does not cancel small differences.
    """
    center = theirs.mean(0)
    a, b = ours - center, theirs - center
    squares = a.square().sum(1)[:, None] + b.square().sum(1)
    return (squares - 2 * a @ b.t()).clamp_min(0) / max(a.shape[1], 1)
