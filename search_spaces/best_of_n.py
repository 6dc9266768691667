"""A space whose random architectures are the best of several, by a score that needs no training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from search_spaces.base import SearchSpace


class BestOfNSpace:
    """Samples of `space`: of every `candidates` of its own, the one with the highest score.

    So any strategy starts from preferred architectures; moves and all other doors stay the space's
    own. A score that is NaN is the lowest.
    """

    def __init__(
        self, space: SearchSpace[Any], score: Callable[[Any], float], candidates: int = 10
    ) -> None:
        self.space = space
        self.candidates = candidates
        self._score = score
        self._scores: dict[str, float] = {}

    def __getattr__(self, door: str) -> Any:
        if door.startswith("__"):
            raise AttributeError(door)
        return getattr(self.space, door)

    def sample(self, rng: np.random.Generator) -> Any:
        """The best of some random architectures."""
        drawn = [self.space.sample(rng) for _ in range(self.candidates)]
        return max(drawn, key=self._scored)

    def _scored(self, architecture: Any) -> float:
        key = architecture.canonical_key
        if key not in self._scores:
            score = self._score(architecture)
            self._scores[key] = -math.inf if math.isnan(score) else score
        return self._scores[key]
