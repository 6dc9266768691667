"""Local search with restarts (White et al., 2021, arXiv 2005.02960)."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.base import Proposal, Strategy


class LocalSearch(Strategy):
    """Moves from the best of `starts` samples to the first better neighbour, repeatedly.

    If no neighbour is better, it restarts from new samples.
    """

    def __init__(self, *args: Any, starts: int = 10) -> None:
        super().__init__(*args)
        self._starts = starts
        self._seen: set[str] = set()
        self._pending = 0
        self._best = float("-inf")
        self._centre: Any = None
        self._neighbours: list[Any] | None = None
        self._restart()

    def ask(self) -> Proposal | None:
        """Return a sample or an untried neighbour; None to wait for the samples' scores."""
        if self._to_sample > 0:
            self._to_sample -= 1
            architecture = self.sample_unseen(self._seen)
        else:
            architecture = self._next_neighbour()
            if architecture is None and not self._pending:
                self._restart()
                return self.ask()
        if architecture is None:
            return None
        self._pending += 1
        return Proposal(architecture)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Move to a better architecture and continue with its neighbours."""
        self._pending -= 1
        if score is not None:
            self._move_to(proposal.architecture, score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Move to a better architecture; it is not proposed again."""
        self._seen.add(architecture.canonical_key)
        self._move_to(architecture, score)

    def _move_to(self, architecture: Any, score: float) -> None:
        if score > self._best:
            self._best, self._centre = score, architecture
            self._neighbours = None

    def _restart(self) -> None:
        self._to_sample = self._starts
        self._best = float("-inf")
        self._centre = None
        self._neighbours = None

    def _next_neighbour(self) -> Any | None:
        if self._neighbours is None:
            if self._pending or self._centre is None:
                return None
            found = self.space.neighbours(self._centre)
            self._neighbours = [found[i] for i in self.rng.permutation(len(found))]
        while self._neighbours:
            architecture = self._neighbours.pop()
            if architecture.canonical_key not in self._seen:
                self._seen.add(architecture.canonical_key)
                return architecture
        return None
