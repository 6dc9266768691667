"""Candidates of model-based strategies, with their features."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.strategies.models.gaussian_process import spread
from search_spaces.base import SearchSpace

Array = NDArray[np.float64]

MOST_DEVIATIONS = 3.0
"""Bound of standardised features, so that rare values do not isolate an architecture."""
_FRESH = 50
"""One in so many of the samples is new at each draw in a whole space."""
_MUTATIONS = 2
"""Mutations of each parent at each draw in a whole space."""


class CandidatePool:
    """Random architectures and those near the best ones.

    Features are those of `SearchSpace.features`, standardised over the table or over the first
    samples, and computed once for each architecture, in batches.

    In a table, candidates are the neighbours of the best architectures and `samples` random ones.
    In a whole space, they are the latest random architectures and mutations of the best,
    `samples` in all; a few are new at each draw.

    Args:
        space: The search space.
        rng: Source of the random architectures.
        samples: Number of random candidates.
    """

    def __init__(self, space: SearchSpace[Any], rng: np.random.Generator, samples: int) -> None:
        self._space = space
        self._rng = rng
        self._samples = samples
        self._rows: dict[str, Array] = {}
        self._latest: deque[Any] = deque(maxlen=samples)
        first = space.table
        if first is None:
            first = [space.sample(rng) for _ in range(samples)]
            self._latest.extend(first)
        raw = space.features(first)
        self._centre, self._scale = raw.mean(axis=0), spread(raw)
        self._add(first, raw)

    def draw(self, best: Sequence[Any], excluded: set[str]) -> list[Any]:
        """Return distinct candidates.

        Args:
            best: The best architectures so far.
            excluded: Canonical keys of architectures that are no candidates.
        """
        drawn = self._of_space(best) if self._space.table is None else self._of_table(best)
        unseen = {a.canonical_key: a for a in drawn if a.canonical_key not in excluded}
        return list(unseen.values())

    def features(self, architectures: Sequence[Any]) -> Array:
        """Return the standardised features (architectures, features)."""
        new = {a.canonical_key: a for a in architectures if a.canonical_key not in self._rows}
        if new:
            self._add(list(new.values()), self._space.features(list(new.values())))
        return np.stack([self._rows[a.canonical_key] for a in architectures])

    def _of_table(self, best: Sequence[Any]) -> Iterable[Any]:
        table = self._space.table or ()
        for parent in best:
            yield from self._space.neighbours(parent)
        count = min(self._samples, len(table))
        yield from (table[i] for i in self._rng.choice(len(table), count, replace=False))

    def _of_space(self, best: Sequence[Any]) -> Iterable[Any]:
        fresh = max(1, self._samples // _FRESH)
        self._latest.extend(self._space.sample(self._rng) for _ in range(fresh))
        for parent in best:
            self._latest.extend(self._space.mutate(parent, self._rng) for _ in range(_MUTATIONS))
        return self._latest

    def _add(self, architectures: Sequence[Any], raw: Array) -> None:
        rows = (raw - self._centre) / self._scale
        rows = rows.clip(-MOST_DEVIATIONS, MOST_DEVIATIONS)
        keys = [architecture.canonical_key for architecture in architectures]
        self._rows.update(zip(keys, rows, strict=True))
