"""Rank transform of losses: most cells differ little, and a few are outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KNOTS = 257


@dataclass(frozen=True)
class RankTransform:
    """Quantile function of the losses of the training cells."""

    losses: NDArray[np.float64]
    """Quantiles, evenly spaced from the lowest loss to the highest."""

    @classmethod
    def fit(cls, losses: NDArray[np.float64]) -> RankTransform:
        """Fit to finite losses, one per cell."""
        return cls(np.quantile(losses, np.linspace(0, 1, KNOTS)))

    def to_loss(self, ranks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the loss of a rank: 0 is the lowest training loss, 1 the highest."""
        return np.interp(ranks, np.linspace(0, 1, len(self.losses)), self.losses)


def to_ranks(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each loss, in (0, 1); equal losses have equal ranks."""
    from scipy.stats import rankdata

    return np.asarray((rankdata(losses) - 0.5) / len(losses), dtype=np.float64)
