"""Scales on which losses are predicted: most cells differ little, and a few are outliers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

KNOTS = 257
TAIL = 0.05
"""Quantile below which the tail begins."""
TAIL_SCORE = -1.6448536269514729
"""Its normal score."""
SHRINKAGE = 0.7
"""Factor of the tail's slope: the lowest predictions would be too low otherwise, since a search
chooses cells whose error is negative."""
STRICT = 1e-4
"""Slope that is added to the quantiles, and least distance of those of the tail: some are equal."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class LossScale(ABC):
    """A monotonic function of the loss; lower is better on both scales."""

    is_strict: ClassVar[bool]
    """Whether different values always have different losses."""

    losses: Values
    """Quantiles of the training cells, evenly spaced from the lowest loss to the highest."""

    @abstractmethod
    def combine(self, smooth: Values, stepped: Values) -> Values:
        """Return one prediction from those of the Gaussian process and of the trees."""

    @abstractmethod
    def to_loss(self, values: Values) -> Values:
        """Return the losses of predictions on the scale."""

    def _quantile(self, fractions: Values) -> Values:
        return np.interp(fractions, np.linspace(0, 1, len(self.losses)), self.losses)


class RankScale(LossScale):
    """Ranks in (0, 1). Predictions below all training cells have the lowest loss of these."""

    is_strict = False

    def combine(self, smooth: Values, stepped: Values) -> Values:
        """Return the mean."""
        return (smooth + stepped) / 2

    def to_loss(self, values: Values) -> Values:
        """Return the quantile of each rank."""
        return self._quantile(values)


@dataclass(frozen=True)
class TailScale(LossScale):
    """Normal scores below the median, ranks above, and an exponential tail of the lowest losses.

    Ranks alone have no resolution among the lowest losses, where searches end. Below the 5 %
    quantile the loss approaches `floor` exponentially, so that no two predictions share a loss.
    """

    is_strict = True
    floor: float
    """Lower bound of predicted losses."""
    decay: float
    """Exponent per normal score."""

    @classmethod
    def fit(cls, losses: Values) -> TailScale:
        """Fit to finite losses, one per cell."""
        from scipy.special import ndtri

        quantiles = np.quantile(losses, np.linspace(0, 1, KNOTS))
        near = np.array([TAIL / 2, TAIL, 2 * TAIL])
        low, start, high = np.quantile(losses, near)
        # Many of the lowest losses may be equal.
        depth = 7 / 6 * max(start - quantiles[0], STRICT)
        slope = max(high - low, STRICT) / (ndtri(near[2]) - ndtri(near[0]))
        return cls(quantiles, float(start - depth), float(SHRINKAGE * slope / depth))

    def combine(self, smooth: Values, stepped: Values) -> Values:
        """Return the mean, of which the trees have 60 % for low losses and 30 % for high ones."""
        weight = 0.4 + 0.3 * ((smooth + stepped) / 2 + 1.25).clip(0, 1)
        return np.round(weight * smooth + (1 - weight) * stepped, 9)

    def to_loss(self, values: Values) -> Values:
        """Return the loss of each score; strictly increasing."""
        from scipy.special import ndtr

        above = (values - TAIL_SCORE).clip(0)
        fractions = np.where(values < 0, ndtr(values), values / _SLOPE + 0.5)
        start = self._quantile(np.array(TAIL))
        tail = self.floor + (start - self.floor) * np.exp(
            self.decay * (values - TAIL_SCORE).clip(None, 0)
        )
        return np.where(values < TAIL_SCORE, tail, self._quantile(fractions) + STRICT * above)


_SLOPE = float(np.sqrt(2 * np.pi))
"""Scores per rank above the median: the slope of normal scores at the median."""


def to_scores(losses: Values) -> Values:
    """Return the score of each loss; equal losses have equal scores."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    ranks = (rankdata(losses) - 0.5) / len(losses)
    return np.asarray(np.where(ranks < 0.5, ndtri(ranks), _SLOPE * (ranks - 0.5)))
