"""Spectral capacity of a random matrix: the summand of Neural Spectral Capacity (NSC).

Source: Neural Spectral Capacity (arXiv 2609.23087).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache

Shape = tuple[int, int]
"""Rows (outputs) and columns (inputs) of a weight matrix."""
Variance = Callable[[int, int], float]
"""Variance of the initial weights of a matrix with so many rows and columns."""
_DIGITS = 12


def xavier(rows: int, columns: int) -> float:
    """Return the variance of Xavier's initialization."""
    return 2 / (rows + columns)


def kaiming(rows: int, columns: int) -> float:
    """Return the variance of Kaiming's initialization."""
    return 2 / columns


def normal(rows: int, columns: int) -> float:
    """Return the variance of BERT's and GPT-2's initialization, a standard deviation of .02."""
    return 0.02**2


@cache
def spectral_capacity(rows: int, columns: int, variance: Variance = xavier) -> float:
    """Return the expected log-determinant of I + W W' of a random matrix W, in nats.

    With N and M the smaller and the larger side, g = N / M and s the variance of the weights, it is
    N times the mean of ln(1 + M s v), where v has the Marchenko-Pastur distribution of ratio g. The
    mean has a closed form, its Shannon transform (A. Tulino and S. Verdu, Random Matrix Theory and
    Wireless Communications, 2004).

    >>> round(spectral_capacity(2000, 2000), 1)
    1160.9

    Args:
        rows: Number of outputs, at least 1.
        columns: Number of inputs, at least 1.
        variance: Initialization of the weights.

    Returns:
        A number above 0, rounded to 12 significant digits: the same on every machine.
    """
    smaller, larger = sorted((rows, columns))
    ratio, gain = smaller / larger, larger * variance(rows, columns)
    upper, lower = (math.sqrt(gain * (1 + sign * math.sqrt(ratio)) ** 2 + 1) for sign in (1, -1))
    quarter = (upper - lower) ** 2 / 4
    mean = (
        math.log1p(gain - quarter)
        + math.log1p(gain * ratio - quarter) / ratio
        - quarter / (ratio * gain)
    )
    return float(f"{smaller * mean:.{_DIGITS}g}")


def total_capacity(shapes: Iterable[Shape], variance: Variance) -> float:
    """Return the sum of the spectral capacities of matrices."""
    return math.fsum(spectral_capacity(*shape, variance) for shape in shapes)
