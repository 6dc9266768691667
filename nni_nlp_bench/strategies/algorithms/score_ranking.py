"""Random architectures ranked by a zero-cost score, for strategies that start from the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.zero_cost.registry import default_scorer
from search_spaces.base import SearchSpace


class RankedSamples:
    """Random architectures of a space, the best of every `candidates` by a zero-cost score first.

    Args:
        strategy: The strategy, whose space and generator are used.
        name: Its name, for errors.
        score: Name of a zero-cost score of the space; None for the space's default.
        candidates: Number of architectures that are drawn and ranked at once.

    Raises:
        UserError: The space has no such score, or none at all, or there are no candidates.
    """

    def __init__(self, strategy: Strategy, name: str, score: str | None, candidates: int) -> None:
        if candidates < 1:
            raise UserError(f"{name}: candidates must be at least 1, got {candidates}")
        self._strategy, self._candidates = strategy, candidates
        self._scorer = _scorer_of(name, strategy.space.unwrapped, score)
        self._left: list[Any] = []
        """Candidates that were not taken yet, the best last."""

    def take(self, seen: set[str]) -> Any | None:
        """Return the best candidate that is left; of equal ones the first that was drawn.

        Without one, new candidates are drawn. None if the space seems exhausted.

        Args:
            seen: Keys of the architectures to leave out; that of the returned one is added.
        """
        while True:
            if not self._left:
                self._left = self._draw(seen)
            if not self._left:
                return None
            architecture = self._left.pop()
            if architecture.canonical_key not in seen:
                seen.add(architecture.canonical_key)
                return architecture

    def _draw(self, seen: set[str]) -> list[Any]:
        """Return new candidates by ascending score, fewer if the space has no more."""
        drawn_or_seen = set(seen)
        drawn: list[tuple[float, Any]] = []
        while len(drawn) < self._candidates:
            architecture = self._strategy.sample_unseen(drawn_or_seen)
            if architecture is None:
                break
            score = self._scorer(architecture)
            drawn.append((-math.inf if math.isnan(score) else score, architecture))
        drawn.reverse()  # sorting is stable: of equal scores the first drawn comes last
        return [architecture for _, architecture in sorted(drawn, key=lambda each: each[0])]


def _scorer_of(strategy: str, space: SearchSpace[Any], score: str | None) -> Callable[[Any], float]:
    """Return a function of untrained architectures, higher is better. Raises UserError."""
    if score is not None:
        return ZeroCostScorer(score, space=space.name)
    scorer = default_scorer(space)
    if scorer is None:
        raise UserError(
            f"strategy {strategy!r} ranks architectures by a zero-cost score, and space "
            f"{space.name!r} has none: give the space the method `parameters`, or take another "
            "strategy"
        )
    return scorer
