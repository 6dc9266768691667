"""Kernels of binary activation codes (J. Mellor et al., NASWOT, ICML 2021)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


def agreeing_units(codes: Tensor, counted: Tensor | None = None) -> NDArray[np.float64]:
    """Return c c' + (1 - c)(1 - c)': in how many units each two samples have the same code.

    >>> import torch
    >>> agreeing_units(torch.tensor([[True, False, True], [True, True, True]]))
    array([[3., 2.],
           [2., 3.]])

    Args:
        codes: Whether each unit is active, (samples, units).
        counted: Which units of each sample count, (samples, units); None for all. For two samples,
            a unit counts if it does in both.

    Returns:
        A positive semidefinite kernel, (samples, samples).
    """
    active, inactive = codes, ~codes
    if counted is not None:
        active, inactive = active & counted, inactive & counted
    parts = (part.float() for part in (active, inactive))
    kernel: Tensor = sum(part @ part.t() for part in parts)  # type: ignore[assignment]
    return kernel.double().numpy()


def log_determinant(kernels: Iterable[NDArray[Any]]) -> float:
    """Return log |det K| of a sum of kernels.

    Returns:
        -inf if the sum is singular: two samples have the same code, as all have without any unit.
    """
    total = sum(kernels)
    return float(np.linalg.slogdet(total)[1]) if isinstance(total, np.ndarray) else -math.inf
