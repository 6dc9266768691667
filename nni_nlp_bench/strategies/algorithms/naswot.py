"""Search without training (Mellor et al., 2021, arXiv 2006.04647)."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.algorithms.score_ranking import RankedSamples
from nni_nlp_bench.strategies.base import Proposal, Strategy


class Naswot(Strategy):
    """Proposes the best of `candidates` random architectures by a zero-cost score, then the next.

    When all candidates are proposed, as many new ones are drawn and ranked. `score` is a zero-cost
    score of the space; None for its default (docs/zero_cost.md). Scores take no simulated time, and
    results of trainings change nothing.
    """

    def __init__(self, *args: Any, score: str | None = None, candidates: int = 100) -> None:
        super().__init__(*args)
        self._samples = RankedSamples(self, "naswot", score, candidates)
        self._seen: set[str] = set()

    def ask(self) -> Proposal | None:
        """Return the best candidate that is left; None if the space seems exhausted."""
        architecture = self._samples.take(self._seen)
        return None if architecture is None else Proposal(architecture)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Exclude it from later proposals."""
        self._seen.add(architecture.canonical_key)
