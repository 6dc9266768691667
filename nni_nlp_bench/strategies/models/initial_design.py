"""Architectures that a model-based strategy evaluates first."""

from __future__ import annotations

import math
from typing import Any

from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.zero_cost.registry import default_scorer

_SCORED = 20
"""Random architectures of which the best by the zero-cost score is taken."""


class InitialDesign:
    """Random architectures; every second one is the best of 20 by a zero-cost score if asked.

    Args:
        strategy: The strategy, whose space and generator are used.
        scored: Whether to use the space's default zero-cost score, if it has one.
    """

    def __init__(self, strategy: Strategy, scored: bool) -> None:
        self._strategy = strategy
        self._scorer = default_scorer(strategy.space) if scored else None

    def propose(self, number: int, seen: set[str]) -> Any | None:
        """Return an architecture that is not among `seen`; None if none is left.

        Args:
            number: Number of earlier proposals.
            seen: Canonical keys, which it leaves as they are.
        """
        scored = self._scorer is not None and number % 2 == 1
        drawn_keys = set(seen)
        drawn = [self._strategy.sample_unseen(drawn_keys) for _ in range(_SCORED if scored else 1)]
        found = [architecture for architecture in drawn if architecture is not None]
        return max(found, key=self._score, default=None) if scored else (found or [None])[0]

    def _score(self, architecture: Any) -> float:
        assert self._scorer is not None
        score = self._scorer(architecture)
        return -math.inf if math.isnan(score) else score
