"""Prediction of the score after a full training from the scores of its first part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FinalScore:
    """Student's t distribution of a score."""

    mean: float
    scale: float
    freedom: int
    """Degrees of freedom."""

    def probability_above(self, score: float) -> float:
        """Return the probability that the score is higher than another."""
        from scipy.stats import t

        return float(t.sf((score - self.mean) / self.scale, self.freedom))


class FinalScoreModel:
    """Bayesian linear regression of final scores on the partial scores of the same trainings.

    The gain from the last partial score to the final one is linear in the partial scores, with an
    independent standard normal prior on each slope, in units of the noise, and flat priors on the
    intercept and the logarithm of the noise. Scores are clipped at the distance of the best from
    the median below the median, since diverging trainings would dominate the regression.

    Args:
        partial: Partial scores of finished trainings, one row for each, the latest last.
        final: Their final scores, higher is better; three or more.
    """

    def __init__(self, partial: Array, final: Array) -> None:
        self._floor = _floor(partial)
        partial = np.maximum(partial, self._floor)
        gain = np.maximum(final, _floor(final)) - partial[:, -1]
        self._centre, self._gain = partial.mean(axis=0), float(gain.mean())
        self._unit = max(float(gain.std()), 1e-6)
        x, y = (partial - self._centre) / self._unit, (gain - self._gain) / self._unit
        self._covariance = np.linalg.inv(x.T @ x + np.eye(x.shape[1]))
        self._slopes = self._covariance @ x.T @ y
        self._count, self._freedom = len(y), len(y) - 1
        self._variance = max(float(y @ (y - x @ self._slopes)), 1e-6) / self._freedom

    def predict(self, partial: Array) -> FinalScore:
        """Return the distribution of a training's final score, given its partial scores."""
        partial = np.maximum(partial, self._floor)
        x = (partial - self._centre) / self._unit
        gain = self._gain + self._unit * float(x @ self._slopes)
        variance = self._variance * (1 + 1 / self._count + float(x @ self._covariance @ x))
        return FinalScore(float(partial[-1]) + gain, self._unit * variance**0.5, self._freedom)


def _floor(scores: Array) -> Array:
    """Return the lowest score that counts, of each column."""
    return np.asarray(2 * np.median(scores, axis=0) - scores.max(axis=0))
