"""What it costs to take a layer of one network for a layer of another."""

from __future__ import annotations

from torch import Tensor


def mean_squared_costs(ours: Tensor, theirs: Tensor, values: Tensor) -> Tensor:
    """Mean squared errors (n, m) between layers (n, ...) and layers (m, ...), both 0 at padding.

    `values` is how many numbers of a layer count. |a - b|^2 = |a|^2 - 2ab + |b|^2 makes it one
    product of matrices; both sides less the mean of theirs, lest rounding eat small differences.
    """
    b = theirs.flatten(1)
    center = b.mean(0)
    a, b = ours.flatten(1) - center, b - center
    squares = a.square().sum(1)[:, None] + b.square().sum(1)
    return (squares - 2 * a @ b.t()).clamp_min(0) / values
