"""Kernel density of categorical vectors, with the kernel of Aitchison and Aitken (1976)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


class CategoricalDensity:
    """Mean of one product kernel per point.

    The kernel of a choice is 1 - h where the values agree, and h / (levels - 1) elsewhere. The
    bandwidth h of a choice is the Gini impurity of its values, at which the kernel is uniform if
    all values are equally frequent, times `n ** (-1 / 5)` for n points: the reference rule for
    one variable, as the rule for many would leave no structure in a hundred.

    Args:
        points: Numbers of the values, of shape (points, choices).
        levels: Number of values of each choice.
        min_bandwidth: Lower bound of h.
    """

    def __init__(self, points: Codes, levels: Codes, min_bandwidth: float = 1e-3) -> None:
        self._points = points
        self._levels = levels
        frequencies = one_hot(points, levels).mean(axis=0)
        first = np.concatenate([[0], np.cumsum(levels)[:-1]])
        impurity = 1 - np.add.reduceat(np.square(frequencies), first)
        bandwidth = np.maximum(impurity * len(points) ** -0.2, min_bandwidth)
        self.bandwidth = np.minimum(bandwidth, 1.0 - 1.0 / levels)

    def log_density(self, codes: Codes) -> Array:
        """Return the logarithm of the density at each row of `codes`."""
        from scipy.special import logsumexp

        free = self._levels > 1
        h, levels = self.bandwidth[free], self._levels[free]
        agree, differ = np.log1p(-h), np.log(h / (levels - 1))
        gain = np.sqrt(np.repeat(agree - differ, levels))
        here, there = (gain * one_hot(of[:, free], levels) for of in (codes, self._points))
        kernels = differ.sum() + here @ there.T
        return np.asarray(logsumexp(kernels, axis=1) - np.log(len(self._points)))

    def sample(self, rng: np.random.Generator) -> Codes:
        """Return a random point whose values are each replaced by a uniform one at a rate of h."""
        point = self._points[int(rng.integers(len(self._points)))]
        replaced = rng.random(len(point)) < self.bandwidth
        return np.where(replaced, rng.integers(self._levels), point)


def one_hot(codes: Codes, levels: Codes) -> Array:
    """Return one column for each value of each choice."""
    first = np.concatenate([[0], np.cumsum(levels)[:-1]])
    encoded = np.zeros((len(codes), int(levels.sum())))
    encoded[np.arange(len(codes))[:, None], first + codes] = 1.0
    return encoded
