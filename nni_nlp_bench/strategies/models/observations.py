"""Observed scores of trainings of one length, as training data of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import SearchSpace

Array = NDArray[np.float64]


class Observations:
    """Scores by architecture; higher is better."""

    def __init__(self, space: SearchSpace[Any], most: int) -> None:
        self._space = space
        self._most = most
        self._by_key: dict[str, tuple[Any, Array, float]] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def add(self, architecture: Any, score: float) -> None:
        """Add a score with the architecture's `counts` features."""
        features = self._space.encode(architecture, "counts")
        self._by_key[architecture.canonical_key] = architecture, features, score

    @property
    def best_score(self) -> float:
        """Highest score."""
        return max(score for _, _, score in self._by_key.values())

    def ranked(self) -> list[Any]:
        """Return the architectures, best first."""
        ranked = sorted(self._by_key.values(), key=lambda entry: entry[2], reverse=True)
        return [architecture for architecture, _, _ in ranked]

    def arrays(self) -> tuple[Array, Array]:
        """Return features, one row per architecture, and scores of at most `most` of them.

        Selects the best and the latest. Scores are clipped at the distance of the best from the
        median below the median, since failed trainings would dominate the scale.
        """
        entries = list(self._by_key.values())
        if len(entries) > self._most:
            half = self._most // 2
            older = sorted(entries[:-half], key=lambda entry: entry[2], reverse=True)
            entries = older[: self._most - half] + entries[-half:]
        scores = np.array([score for _, _, score in entries])
        floor = 2 * np.median(scores) - scores.max()
        return np.stack([features for _, features, _ in entries]), np.maximum(scores, floor)
