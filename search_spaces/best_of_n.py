"""A space whose random architectures are the best of several, by a score that needs no training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from search_spaces.base import SearchSpace
from search_spaces.wrapper import WrapperSpace


class BestOfNSpace(WrapperSpace):
    """Samples are the best of several of `space` by a score; other methods are those of `space`.

    So any strategy starts from architectures that score well.

    Args:
        space: The space of the architectures.
        score: Higher is better; NaN is the lowest.
        candidates: Number of samples of `space` for each of its own.
    """

    def __init__(
        self, space: SearchSpace[Any], score: Callable[[Any], float], candidates: int = 10
    ) -> None:
        super().__init__(space)
        self.candidates = candidates
        self._score = score
        self._scores: dict[str, float] = {}

    def sample(self, rng: np.random.Generator) -> Any:
        """Return the random architecture with the highest score of several."""
        drawn = [self.space.sample(rng) for _ in range(self.candidates)]
        return max(drawn, key=self._scored)

    def _scored(self, architecture: Any) -> float:
        key = architecture.canonical_key
        if key not in self._scores:
            score = self._score(architecture)
            self._scores[key] = -math.inf if math.isnan(score) else score
        return self._scores[key]
