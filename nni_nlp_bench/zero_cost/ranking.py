"""How well scores rank trained architectures."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.1
"""Sizes are close if they differ by at most this share of the larger one."""

Values = NDArray[Any]


class PairAccuracy(NamedTuple):
    """Accuracy of a score on pairs of architectures."""

    accuracy: float
    """Share of the pairs that the score orders as the losses do; a tie counts half. In [0, 1]; .5
    is chance. NaN without pairs."""
    pairs: int


def pair_accuracy(
    scores: Values, losses: Values, sizes: Values, tolerance: float = TOLERANCE
) -> PairAccuracy:
    """Return how often a score orders two architectures of nearly the same size correctly.

    A score that only counts parameters ranks well over all sizes, and fails here.

    >>> pair_accuracy(np.array([1, 2, 3]), np.array([2.0, 1.0, 3.0]), np.array([95, 100, 200]))
    PairAccuracy(accuracy=1.0, pairs=1)

    Args:
        scores: Higher should mean a lower loss, (architectures,).
        losses: Lower is better, (architectures,).
        sizes: Numbers of parameters, (architectures,).
        tolerance: Largest difference of two sizes, as a share of the larger one.
    """
    order = np.argsort(sizes, kind="stable")
    scores, losses, sizes = scores[order], losses[order], sizes[order]
    # In this order, the larger ones that are close to a size follow it.
    ends = np.array([np.count_nonzero(sizes - size <= tolerance * sizes) for size in sizes])
    correct, pairs = 0.0, 0
    for number, end in enumerate(ends):
        close = slice(number + 1, end)
        agreement = np.sign(scores[close] - scores[number]) * np.sign(
            losses[number] - losses[close]
        )
        correct += (float(agreement.sum()) + len(agreement)) / 2
        pairs += len(agreement)
    return PairAccuracy(correct / pairs if pairs else math.nan, pairs)


def kendall_tau(scores: Values, losses: Values, groups: Values | None = None) -> float:
    """Return Kendall's tau-b of a score with the negated losses: 1 if it ranks perfectly.

    Args:
        scores: Higher should mean a lower loss, (architectures,).
        losses: Lower is better, (architectures,).
        groups: If given, only pairs of the same group count, (architectures,).

    Returns:
        A number in [-1, 1]; NaN if all pairs are tied in one of the two.
    """
    if groups is None:
        groups = np.zeros(len(scores))
    counts = [_concordance(scores[groups == each], losses[groups == each]) for each in set(groups)]
    excess, untied_scores, untied_losses = (sum(column) for column in zip(*counts, strict=True))
    untied = math.sqrt(untied_scores * untied_losses)
    return excess / untied if untied else math.nan


def _concordance(scores: Values, losses: Values) -> tuple[float, int, int]:
    """Return the concordant pairs less the discordant ones, and the pairs untied in each."""
    from scipy.stats import kendalltau

    untied = [_untied_pairs(scores), _untied_pairs(losses)]
    if not all(untied):
        return 0.0, untied[0], untied[1]
    tau = float(kendalltau(scores, -losses).statistic)
    return round(tau * math.sqrt(untied[0] * untied[1])), untied[0], untied[1]


def _untied_pairs(values: Values) -> int:
    _, counts = np.unique(values, return_counts=True)
    return math.comb(len(values), 2) - sum(math.comb(int(count), 2) for count in counts)
