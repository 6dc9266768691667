"""Densities over what the architectures of a table consist of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class CountDensities:
    """Products of one-dimensional Parzen estimates, one for each column of the encodings.

    A column has as many values as occur in the table, and each observation spreads over them as a
    Gaussian around its own. The prior of a column is the distribution of its values in the table.

    Args:
        encodings: `counts` encodings of all architectures of the table (architectures, columns).
        bandwidth: Standard deviation of the Gaussians, in those of the columns.
    """

    def __init__(self, encodings: Array, bandwidth: float) -> None:
        levels = [np.unique(column, return_inverse=True) for column in encodings.T]
        self.columns = len(levels)
        sizes = np.array([len(values) for values, _ in levels])
        self._first = np.cumsum(sizes) - sizes
        self._column = np.repeat(np.arange(len(sizes)), sizes)
        self._values = np.concatenate([values for values, _ in levels])
        self._positions = np.stack([codes for _, codes in levels], axis=1) + self._first
        deviations = encodings.std(axis=0)
        self._widths = bandwidth * np.where(deviations > 0, deviations, 1.0)
        self._bounds = encodings.min(axis=0), encodings.max(axis=0)
        counts = np.bincount(self._positions.ravel(), minlength=len(self._values))
        self._prior = counts / len(encodings)

    def spread(self, encoding: Array) -> Array:
        """Return the probabilities (values of all columns,) that an observation adds.

        Args:
            encoding: Of any architecture (columns,); what is beyond the table's values counts as
                the nearest of them.
        """
        center = np.clip(encoding, *self._bounds)[self._column]
        kernel = np.exp(-0.5 * ((self._values - center) / self._widths[self._column]) ** 2)
        return self._normalized(kernel)

    def log_ratio(self, good: Array, other: Array, prior_weight: float) -> Array:
        """Return the log ratio of the two densities at each architecture of the table.

        Args:
            good: What `spread` returned for the good observations (observations, values).
            other: The same of the other ones.
            prior_weight: Number of observations that the prior counts for, above 0.
        """
        good_density, other_density = (
            self._normalized(spread.sum(axis=0) + prior_weight * self._prior)
            for spread in (good, other)
        )
        ratios = np.log(good_density) - np.log(other_density)
        return np.asarray(ratios[self._positions].sum(axis=1))

    def _normalized(self, weights: Array) -> Array:
        """Return weights (values of all columns,) as probabilities of each column's values."""
        return np.asarray(weights / np.add.reduceat(weights, self._first)[self._column])
