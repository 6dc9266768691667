"""Critical difference of mean ranks by Nemenyi's test (Demsar, JMLR 2006)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nni_nlp_bench.reports.statistics import CONFIDENCE


def critical_difference(strategies: int, seeds: int) -> float:
    """Return the smallest significant difference of mean ranks, at a family-wise error of 5 %."""
    from scipy.stats import studentized_range

    quantile = float(studentized_range.ppf(CONFIDENCE, strategies, math.inf)) / math.sqrt(2)
    return quantile * math.sqrt(strategies * (strategies + 1) / (6 * seeds))


def groups(mean_ranks: Mapping[str, float], difference: float) -> list[tuple[str, ...]]:
    """Return the maximal groups of two or more strategies without significant differences.

    Groups are sorted by their best mean rank.
    """
    order = sorted(mean_ranks, key=lambda name: mean_ranks[name])
    found: list[tuple[str, ...]] = []
    end = 0
    for start, name in enumerate(order):
        group = [n for n in order[start:] if mean_ranks[n] - mean_ranks[name] <= difference]
        if len(group) > 1 and start + len(group) > end:
            end = start + len(group)
            found.append(tuple(group))
    return found
