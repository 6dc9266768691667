"""Regularised evolution (Real et al., 2019, arXiv 1802.01548)."""

from __future__ import annotations

from collections import deque
from typing import Any

from nni_nlp_bench.strategies.base import Proposal, Strategy


class RegularizedEvolution(Strategy):
    """Mutates the best of a random sample of the population and removes the oldest member.

    Defaults are those of the NAS-Bench-NLP release: population 20, tournament 10. A mutation that
    was already evaluated is redrawn a few times.
    """

    _tries = 10

    def __init__(self, *args: Any, population: int = 20, tournament: int = 10) -> None:
        super().__init__(*args)
        self._tournament = tournament
        self._population: deque[tuple[float, Any]] = deque(maxlen=population)
        self._to_sample = population
        self._seen: set[str] = set()

    def ask(self) -> Proposal | None:
        """Return a random architecture, or a mutation of a tournament's winner.

        None while no member of the population has a score.
        """
        if self._to_sample > 0:
            architecture = self.sample_unseen(self._seen)
            if architecture is not None:
                self._to_sample -= 1
                return Proposal(architecture)
            self._to_sample = 0
        if not self._population:
            return None
        size = min(self._tournament, len(self._population))
        picked = self.rng.choice(len(self._population), size, replace=False)
        _, parent = max((self._population[i] for i in picked), key=lambda member: member[0])
        for _ in range(self._tries):
            child = self.space.mutate(parent, self.rng)
            if child.canonical_key not in self._seen:
                break
        self._seen.add(child.canonical_key)
        return Proposal(child)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add a scored architecture to the population; replace a failed initial one."""
        if score is not None:
            self._population.append((score, proposal.architecture))
        elif not self._population:
            self._to_sample += 1

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the population, instead of an initial random architecture."""
        self._seen.add(architecture.canonical_key)
        self._population.append((score, architecture))
        self._to_sample = max(0, self._to_sample - 1)
