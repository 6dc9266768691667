"""Rank correlations and regrets of predictions, with bootstrap intervals over architectures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RESAMPLES = 4_000


@dataclass(frozen=True)
class Predictions:
    """Predictions of the losses of trainings; lower should mean a lower loss."""

    name: str
    values: Array
    """(predictions, architectures)"""
    pairs: Sequence[tuple[int, int]]
    """A prediction and the training that it is compared with."""
    cpu_seconds: float
    """CPU time of one prediction of all architectures."""


@dataclass(frozen=True)
class Estimate:
    """A statistic with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def agreement(
    values: Array, others: Array, pairs: Sequence[tuple[int, int]], kind: str = "kendall"
) -> Estimate:
    """Return the mean rank correlation over pairs of rows, with a percentile-bootstrap interval.

    The interval is over architectures, resampled alike for all pairs with a fixed seed.

    Args:
        values: (predictions, architectures)
        others: (trainings, architectures)
        pairs: Row of `values` and row of `others`.
        kind: `kendall` for tau-b, `spearman` for Spearman's coefficient.
    """
    correlation: Callable[[Array, Array, Array], Array] = {
        "kendall": _kendall,
        "spearman": _spearman,
    }[kind]
    weights = _resamples(values.shape[1])
    return _estimate(np.mean([correlation(values[a], others[b], weights) for a, b in pairs], 0))


def regret_of_pick(
    values: Array, others: Array, pairs: Sequence[tuple[int, int]], count: int
) -> float:
    """Return the expected regret of the best of `count` random architectures by a prediction.

    It is the loss of the pick minus the lowest mean loss of any architecture, averaged over the
    pairs and over all subsets of that size. Predictions that are equal are chosen among by chance.
    """
    number = values.shape[1]
    chances = [comb(number - 1 - rank, count - 1) / comb(number, count) for rank in range(number)]
    losses = [np.dot(chances, _by_rank(values[a], others[b])) for a, b in pairs]
    return round(float(np.mean(losses) - others.mean(axis=0).min()), 9) + 0.0  # no -0.0


def _by_rank(values: Array, losses: Array) -> Array:
    """Return the losses in the order of the predictions; equal predictions get their mean."""
    ties = values[:, None] == values[None]
    return np.asarray((ties @ losses / ties.sum(axis=1))[np.argsort(values, kind="stable")])


def _resamples(number: int) -> Array:
    """Return how often each architecture is drawn (1 + RESAMPLES, number), first once each."""
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(number, np.full(number, 1 / number), size=RESAMPLES)
    return np.concatenate([np.ones((1, number)), drawn])


def _estimate(values: Array) -> Estimate:
    """Return the first value with the interval of the others."""
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    return Estimate(float(values[0]), float(low), float(high))


def _kendall(one: Array, other: Array, weights: Array) -> Array:
    """Return tau-b for each row of weights, which count architectures."""
    first, second = (np.sign(values[:, None] - values[None]) for values in (one, other))

    def sums(matrix: Array) -> Array:
        return np.asarray(((weights @ matrix) * weights).sum(axis=1))

    with np.errstate(invalid="ignore"):  # all are equal in a resample
        return np.asarray(sums(first * second) / np.sqrt(sums(first**2) * sums(second**2)))


def _spearman(one: Array, other: Array, weights: Array) -> Array:
    """Return Spearman's coefficient for each row of weights, which count architectures."""
    first, second = (_centred_ranks(values, weights) for values in (one, other))

    def sums(products: Array) -> Array:
        return np.asarray((weights * products).sum(axis=1))

    with np.errstate(invalid="ignore"):
        return np.asarray(sums(first * second) / np.sqrt(sums(first**2) * sums(second**2)))


def _centred_ranks(values: Array, weights: Array) -> Array:
    """Return average ranks minus their mean (resamples, architectures)."""
    below = (1 + np.sign(values[None] - values[:, None])) / 2
    return np.asarray(weights @ below - weights.sum(axis=1, keepdims=True) / 2)
