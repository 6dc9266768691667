"""Noise between the runs of an architecture, which differ by their random seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 16
FEWEST_RUNS = 8
"""Runs per bin, at least."""
NORMAL_MEDIAN = 0.6744897501960817
"""Median of the absolute value of a standard normal variable."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class RunNoise:
    """Standard deviation of the final loss between runs, as a function of the loss."""

    losses: Values
    """Increasing losses; linear interpolation between them, constant outside."""
    deviations: Values

    @classmethod
    def fit(cls, recipes: Sequence[Any], losses: Values) -> RunNoise | None:
        """Fit to one loss per run, not finite if it diverged; None with too few repeated runs.

        The deviation is robust, from the median absolute one in bins of the loss: in few cells,
        the runs end at quite different losses.
        """
        finite = np.isfinite(losses)
        keys = np.array([recipe.canonical_key for recipe in recipes])[finite]
        values = losses[finite]
        _, cell, runs = np.unique(keys, return_inverse=True, return_counts=True)
        mean = (np.bincount(cell, weights=values) / runs)[cell]
        repeated = runs[cell] > 1
        unbiased = np.sqrt(runs[cell] / np.maximum(runs[cell] - 1, 1))
        deviations = (abs(values - mean) * unbiased)[repeated]
        bins = min(BINS, len(deviations) // FEWEST_RUNS)
        if bins == 0:
            return None
        order = np.argsort(mean[repeated], kind="stable")
        parts = np.array_split(order, bins)
        return cls(
            np.array([np.median(mean[repeated][part]) for part in parts]),
            np.array([np.median(deviations[part]) / NORMAL_MEDIAN for part in parts]),
        )

    def of_run(self, loss: float, key: str, run: int) -> float:
        """Return the difference of a run from the expected loss, the same on every machine."""
        from scipy.special import ndtri

        deviation = np.interp(loss, self.losses, self.deviations)
        return round(float(deviation * ndtri(uniform(f"{key}/{run}"))), 6)


def uniform(text: str) -> float:
    """Return a number in (0, 1), determined by the SHA-256 digest of a text."""
    return (int.from_bytes(sha256(text.encode()).digest()[:6], "big") + 0.5) / 2**48
