"""Acquisition functions of predicted means and standard deviations."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Acquisition = Literal["ucb", "ei"]
_LEAST_STD = 1e-9


def upper_confidence_bound(mean: Array, std: Array, beta: float = 0.5) -> Array:
    """Return the upper confidence bound mean + beta * deviation: higher is better."""
    return mean + beta * std


def expected_improvement(mean: Array, std: Array, best: float) -> Array:
    """Return the expected improvement on the best score so far: higher is better.

    Jones, Schonlau and Welch, 1998. If the deviation is 0, it is the limit towards 0.
    """
    from scipy.stats import norm

    std = np.maximum(std, _LEAST_STD)
    z = (mean - best) / std
    return np.asarray((mean - best) * norm.cdf(z) + std * norm.pdf(z))
