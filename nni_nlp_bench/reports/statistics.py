"""Statistical comparison of strategies: bootstrap intervals, Friedman, Wilcoxon with Holm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
"""Significance level."""
CONFIDENCE = 1 - ALPHA
MIN_SEEDS = 6
"""Fewest seeds with which a Wilcoxon signed-rank test can be significant."""
MIN_STRATEGIES = 3
MIN_FOR_INTERVAL = 3
_RESAMPLES = 9999
_BATCH = 500
"""Resamples in memory at a time."""
_DIGITS = 9
"""Losses that are equal after rounding to so many decimal places are ties."""


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Friedman:
    """Result of Friedman's test: whether the mean ranks of the strategies differ."""

    statistic: float
    """Chi-squared statistic with `strategies - 1` degrees of freedom, corrected for ties."""
    p_value: float
    mean_ranks: Mapping[str, float]
    """Mean rank over the seeds by strategy; 1 is best, ties get their average rank."""
    seeds: int


@dataclass(frozen=True)
class Pair:
    """Result of a two-sided Wilcoxon signed-rank test of two strategies over the same seeds."""

    better: str
    """Strategy with the lower mean regret."""
    other: str
    p_value: float
    adjusted: float
    """P value after Holm's correction over all pairs."""

    @property
    def significant(self) -> bool:
        """Whether the two differ, at a family-wise error rate of 5 %."""
        return self.adjusted < ALPHA


def interval_of_mean(values: Sequence[float]) -> Interval | None:
    """Return the percentile-bootstrap interval of the mean with a fixed seed.

    None for too few values, or if one is not finite.
    """
    if len(values) < MIN_FOR_INTERVAL or not np.isfinite(values).all():
        return None
    low, high = intervals_of_means(np.array(values)[:, None])
    return Interval(low.item(), high.item())


def intervals_of_means(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bounds of that interval for every column, with the same resamples of rows."""
    from scipy.stats import bootstrap

    found = bootstrap(
        (values,),
        np.mean,
        n_resamples=_RESAMPLES,
        batch=_BATCH,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return found.low, found.high


def friedman(regrets: Mapping[str, Sequence[float]]) -> Friedman:
    """Run Friedman's test over strategies (Demsar, JMLR 2006).

    Args:
        regrets: Regrets by strategy, in the same order of seeds. Lower is better.
    """
    from scipy.stats import friedmanchisquare, rankdata

    table = _table(regrets)
    ranks = rankdata(table, axis=0).mean(axis=1)
    if (table == table[0]).all():
        statistic, p_value = 0.0, 1.0
    else:
        statistic, p_value = friedmanchisquare(*table)
    mean_ranks = dict(zip(regrets, ranks.tolist(), strict=True))
    return Friedman(float(statistic), float(p_value), mean_ranks, table.shape[1])


def pairs(regrets: Mapping[str, Sequence[float]]) -> list[Pair]:
    """Test every pair of strategies, with exact p values.

    Zero differences are handled by Pratt's method.

    Args:
        regrets: Regrets by strategy, in the same order of seeds. Lower is better.
    """
    table = dict(zip(regrets, _table(regrets), strict=True))
    pairs_of_names = [_ordered(pair, table) for pair in combinations(table, 2)]
    p_values = [_wilcoxon(table[other] - table[better]) for better, other in pairs_of_names]
    return [
        Pair(better, other, p_value, adjusted)
        for (better, other), p_value, adjusted in zip(
            pairs_of_names, p_values, holm(p_values), strict=True
        )
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted by Holm's method (1979), in the same order."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    stepped = np.maximum.accumulate(factors * np.array(p_values, dtype=np.float64)[order])
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in adjusted]


def min_seeds_for_significance(strategies: int) -> int:
    """Return the fewest seeds with which a pair can be significant after Holm's correction."""
    tests, seeds = strategies * (strategies - 1) // 2, MIN_SEEDS
    while tests * 2.0 ** (1 - seeds) >= ALPHA:
        seeds += 1
    return seeds


def _table(regrets: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """Strategies x seeds."""
    table = np.array(list(regrets.values()), dtype=np.float64)
    return np.round(table, _DIGITS)


def _ordered(pair: tuple[str, str], table: Mapping[str, NDArray[np.float64]]) -> tuple[str, str]:
    one, other = pair
    return pair if table[one].mean() <= table[other].mean() else (other, one)


def _wilcoxon(differences: NDArray[np.float64]) -> float:
    """Return the exact p value, also with ties, where SciPy is approximate or slow.

    It counts all sign patterns of the ranks.
    """
    from scipy.stats import rankdata

    rounded = np.round(differences, _DIGITS)
    ranks = np.rint(2 * rankdata(np.abs(rounded))).astype(
        int
    )  # doubled: average ranks of ties are multiples of .5
    ranks, positive = ranks[rounded != 0], rounded[rounded != 0] > 0
    probabilities = np.zeros(ranks.sum() + 1)
    probabilities[0] = 1.0
    for rank in ranks:
        probabilities = (probabilities + np.roll(probabilities, rank)) / 2
    distance = np.abs(2 * np.arange(len(probabilities)) - ranks.sum())
    return float(probabilities[distance >= abs(2 * ranks[positive].sum() - ranks.sum())].sum())
