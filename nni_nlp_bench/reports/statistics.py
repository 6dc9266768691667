"""Whether strategies differ over seeds: confidence intervals, Friedman, Wilcoxon with Holm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""A difference is called clear below this p value."""
CONFIDENCE = 1 - LEVEL
FEWEST_SEEDS = 6
"""With fewer no Wilcoxon test of two strategies can come out below the level."""
FEWEST_STRATEGIES = 3
FEWEST_FOR_INTERVAL = 3
_RESAMPLES = 9999
_BATCH = 500
"""Resamples in memory at a time."""
_DIGITS = 9
"""Losses that agree to so many digits after the point are ties."""


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Friedman:
    """Friedman's test: do the mean ranks of the strategies differ more than by chance?"""

    statistic: float
    """Chi squared, with `strategies - 1` degrees of freedom; corrected for ties."""
    p_value: float
    mean_ranks: Mapping[str, float]
    """Strategy -> its rank averaged over the seeds; 1 is best, ties share their mean."""
    seeds: int


@dataclass(frozen=True)
class Pair:
    """Wilcoxon's signed-rank test of two strategies over the same seeds, two-sided."""

    better: str
    """The one of the lower mean regret."""
    other: str
    p_value: float
    adjusted: float
    """By Holm, over all pairs."""

    @property
    def clear(self) -> bool:
        """Whether the two differ, at a family-wise error of 5 %."""
        return self.adjusted < LEVEL


def interval_of_mean(values: Sequence[float]) -> Interval | None:
    """Percentile bootstrap of the mean, always with the same draws. None for too few values."""
    if len(values) < FEWEST_FOR_INTERVAL or not np.isfinite(values).all():
        return None
    low, high = intervals_of_means(np.array(values)[:, None])
    return Interval(low.item(), high.item())


def intervals_of_means(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the same interval for every column, with the same draws of rows for all of them."""
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
    """Over strategies, whose regrets at equal positions are of equal seeds; lower is better.

    Demsar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 2006.
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
    """Every two strategies, with exact p values; differences of zero by Pratt's method."""
    table = dict(zip(regrets, _table(regrets), strict=True))
    couples = [_ordered(couple, table) for couple in combinations(table, 2)]
    p_values = [_wilcoxon(table[other] - table[better]) for better, other in couples]
    return [
        Pair(better, other, p_value, adjusted)
        for (better, other), p_value, adjusted in zip(
            couples, p_values, holm(p_values), strict=True
        )
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """P values adjusted for their number, in the same order: Holm, 1979."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    stepped = np.maximum.accumulate(factors * np.array(p_values, dtype=np.float64)[order])
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in adjusted]


def seeds_for_clear_pairs(strategies: int) -> int:
    """Fewest seeds with which Holm's correction lets one pair of so many strategies be clear."""
    tests, seeds = strategies * (strategies - 1) // 2, FEWEST_SEEDS
    while tests * 2.0 ** (1 - seeds) >= LEVEL:
        seeds += 1
    return seeds


def _table(regrets: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """Strategies x seeds."""
    table = np.array(list(regrets.values()), dtype=np.float64)
    return np.round(table, _DIGITS)


def _ordered(couple: tuple[str, str], table: Mapping[str, NDArray[np.float64]]) -> tuple[str, str]:
    one, other = couple
    return couple if table[one].mean() <= table[other].mean() else (other, one)


def _wilcoxon(differences: NDArray[np.float64]) -> float:
    """Exact for ties too, where SciPy is approximate or slow: over all signs of the ranks."""
    from scipy.stats import rankdata

    rounded = np.round(differences, _DIGITS)
    ranks = np.rint(2 * rankdata(np.abs(rounded))).astype(int)  # twice, for ties share halves
    ranks, positive = ranks[rounded != 0], rounded[rounded != 0] > 0
    chances = np.zeros(ranks.sum() + 1)
    chances[0] = 1.0
    for rank in ranks:
        chances = (chances + np.roll(chances, rank)) / 2
    distance = np.abs(2 * np.arange(len(chances)) - ranks.sum())
    return float(chances[distance >= abs(2 * ranks[positive].sum() - ranks.sum())].sum())
