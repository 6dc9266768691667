"""Noise of learning curves between the runs of an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.surrogate.run_noise import NORMAL_MEDIAN, uniform

NEIGHBOURS = 2
"""Epochs before and after that an estimate pools."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class CurveNoise:
    """Differences of a run from the expected curve, on the scale of `CurveScale`."""

    deviations: Values
    """Standard deviation at every epoch: (series, epochs)."""
    correlation: float
    """Correlation between any two epochs."""

    @classmethod
    def fit(cls, runs: Sequence[Values]) -> CurveNoise:
        """Fit to the scores of cells with several runs: arrays (runs, series, epochs).

        Deviations are robust, from medians: a few runs leave the others far.
        """
        differences = np.concatenate(
            [
                (of - of.mean(axis=0)) * np.sqrt(len(of) / (len(of) - 1))
                for of in runs
                if len(of) > 1
            ]
        )
        epochs = differences.shape[2]
        pooled = [
            differences[:, :, max(0, e - NEIGHBOURS) : e + NEIGHBOURS + 1] for e in range(epochs)
        ]
        spread = [np.median(abs(part), axis=(0, 2)) / NORMAL_MEDIAN for part in pooled]
        deviations = np.stack(spread, axis=1)
        units = (differences / deviations).clip(-3, 3).reshape(len(differences), -1)
        matrix = np.corrcoef(units.T)
        columns = len(matrix)
        mean = (matrix.sum() - columns) / (columns * (columns - 1))
        return cls(deviations, float(mean))

    def of_run(self, key: str, run: int) -> Values:
        """Return the difference of a run (series, epochs), the same on every machine."""
        from scipy.special import ndtri

        series, epochs = self.deviations.shape
        common = ndtri(uniform(f"{key}/{run}"))
        own = ndtri(
            [[uniform(f"{key}/{run}/{s}/{e}") for e in range(epochs)] for s in range(series)]
        )
        draw = np.sqrt(self.correlation) * common + np.sqrt(1 - self.correlation) * own
        return np.asarray(self.deviations * draw)
