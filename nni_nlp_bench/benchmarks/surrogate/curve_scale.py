"""Normal scores of learning curves, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KNOTS = 65
LAST_SCORE = 2.7
"""Scores of the outer knots: beyond them, few training cells are left."""
_STEP = 2 * LAST_SCORE / (KNOTS - 1)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class CurveScale:
    """A monotonic function of the loss at every epoch of every series.

    The losses of the training cells have a standard normal distribution on this scale, at each
    epoch. On it, one covariance describes early and late epochs, low losses and outliers.
    """

    losses: Values
    """Losses at evenly spaced scores: (series, epochs, knots)."""

    @classmethod
    def fit(cls, curves: Values) -> CurveScale:
        """Fit to finite losses (cells, series, epochs)."""
        from scipy.special import ndtr

        quantiles = np.quantile(curves, ndtr(_scores()), axis=0, method="median_unbiased")
        # Some losses are equal: without a slope, their order would be lost.
        return cls(np.moveaxis(quantiles, 0, -1) + 1e-5 * _scores())

    def of_series(self, series: int) -> CurveScale:
        """Return the scale of one series."""
        return CurveScale(self.losses[series : series + 1])

    def to_scores(self, losses: Values) -> Values:
        """Return the scores of losses (cells, series, epochs), of the first epochs or all."""
        low, high, depth = self._tails(losses.shape[2])
        knots = self.losses[:, : losses.shape[2]]
        # Losses below the asymptote have no score: they count as close to it.
        below = ((losses - knots[..., 0]) / depth).clip(-0.99, 0)
        above = (losses - knots[..., -1]).clip(0)
        inner = np.empty_like(losses)
        for series, epoch in np.ndindex(losses.shape[1:]):
            column = losses[:, series, epoch]
            inner[:, series, epoch] = np.interp(column, knots[series, epoch], _scores())
        return np.asarray(inner + depth / low * np.log1p(below) + above / high)

    def to_losses(self, scores: Values) -> Values:
        """Return the losses of scores (cells, series, epochs), strictly increasing.

        Below the outer knots the loss decays exponentially, above them it grows linearly.
        """
        low, high, depth = self._tails(scores.shape[2])
        position = ((scores + LAST_SCORE) / _STEP).clip(0, KNOTS - 1)
        knot = position.astype(np.intp).clip(None, KNOTS - 2)
        series, epoch = np.ogrid[: scores.shape[1], : scores.shape[2]]
        left, right = self.losses[series, epoch, knot], self.losses[series, epoch, knot + 1]
        below = (scores + LAST_SCORE).clip(None, 0)
        above = (scores - LAST_SCORE).clip(0)
        tails = depth * np.expm1(low / depth * below) + high * above
        return np.asarray(left + (position - knot) * (right - left) + tails)

    def _tails(self, epochs: int) -> tuple[Values, Values, Values]:
        """Return slopes below and above the outer knots, and the distance of the asymptote.

        Slopes are over a tenth of the knots; the asymptote is as far below the lowest knot as half
        its distance to the median.
        """
        knots = self.losses[:, :epochs]
        width = KNOTS // 10
        low = (knots[..., width] - knots[..., 0]) / (width * _STEP)
        high = (knots[..., -1] - knots[..., -1 - width]) / (width * _STEP)
        return low, high, (knots[..., KNOTS // 2] - knots[..., 0]) / 2


def _scores() -> Values:
    return np.linspace(-LAST_SCORE, LAST_SCORE, KNOTS)
