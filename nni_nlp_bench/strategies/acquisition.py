"""How promising candidates are by the mean and deviation that a model expects of their scores."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Acquisition = Literal["ucb", "ei"]
_LEAST_STD = 1e-9


def upper_confidence_bound(mean: Array, std: Array, beta: float = 0.5) -> Array:
    """mean + beta x deviation; higher is more promising."""
    return mean + beta * std


def expected_improvement(mean: Array, std: Array, best: float) -> Array:
    """By how much a candidate will exceed the best score so far, on average, 0 where it does not.

    Jones, Schonlau and Welch, 1998. Where the deviation is 0, as in a bag that agrees, it is the
    limit towards 0.
    """
    from scipy.stats import norm

    std = np.maximum(std, _LEAST_STD)
    z = (mean - best) / std
    return np.asarray((mean - best) * norm.cdf(z) + std * norm.pdf(z))
