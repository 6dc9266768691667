"""The critical difference of mean ranks, by Nemenyi's test: Demsar, JMLR 2006."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nni_nlp_bench.reports.statistics import CONFIDENCE


def critical_difference(strategies: int, seeds: int) -> float:
    """Mean ranks further apart than this differ, at a family-wise error of 5 %."""
    from scipy.stats import studentized_range

    quantile = float(studentized_range.ppf(CONFIDENCE, strategies, math.inf)) / math.sqrt(2)
    return quantile * math.sqrt(strategies * (strategies + 1) / (6 * seeds))


def groups(mean_ranks: Mapping[str, float], difference: float) -> list[tuple[str, ...]]:
    """The largest sets of strategies that are not told apart, the best first; none of one alone."""
    order = sorted(mean_ranks, key=lambda name: mean_ranks[name])
    found: list[tuple[str, ...]] = []
    end = 0
    for start, name in enumerate(order):
        alike = [n for n in order[start:] if mean_ranks[n] - mean_ranks[name] <= difference]
        if len(alike) > 1 and start + len(alike) > end:
            end = start + len(alike)
            found.append(tuple(alike))
    return found
