"""Random search without replacement."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.searcher import Proposal, Searcher


class RandomSearch(Searcher):
    """Proposes samples of the space's own distribution, none of them twice."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._seen: set[str] = set()

    def ask(self) -> Proposal | None:
        """A new random architecture; None when the space seems exhausted."""
        architecture = self.sample_new(self._seen)
        return None if architecture is None else Proposal(architecture)

    def learn(self, architecture: Any, score: float) -> None:
        """Known already: it is not proposed again."""
        self._seen.add(architecture.canonical_key)
