"""Regularised evolution (Real et al., 2019, arXiv 1802.01548)."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.pareto import best_position
from nni_nlp_bench.strategies.base import Proposal, Strategy


class RegularizedEvolution(Strategy):
    """Mutates the best of a random sample of the population and removes the oldest member.

    Defaults are those of the NAS-Bench-NLP release: population 20, tournament 10. A mutation that
    was already evaluated is redrawn a few times. With several objectives, the best is the one of
    the lowest Pareto rank in the sample and, among these, the least crowded.
    """

    objective_counts = (1, None)
    _tries = 10

    def __init__(self, *args: Any, population: int = 20, tournament: int = 10) -> None:
        super().__init__(*args)
        self._tournament = tournament
        self._population: deque[tuple[Any, Any]] = deque(maxlen=population)
        """Score, or losses of several objectives, and architecture."""
        self._to_sample = population
        self._seen: set[str] = set()

    def ask(self) -> Proposal | None:
        """Return a random architecture, or a mutation of a tournament's winner.

        None while no member of the population has a score.
        """
        if self._to_sample > 0:
            architecture = self._sample_initial()
            if architecture is not None:
                self._to_sample -= 1
                return Proposal(architecture)
            self._to_sample = 0
        if not self._population:
            return None
        size = min(self._tournament, len(self._population))
        picked = self.rng.choice(len(self._population), size, replace=False)
        _, parent = self._best([self._population[i] for i in picked])
        for _ in range(self._tries):
            child = self.space.mutate(parent, self.rng)
            if child.canonical_key not in self._seen:
                break
        self._seen.add(child.canonical_key)
        return Proposal(child)

    def _sample_initial(self) -> Any | None:
        """Return a member of the first population; None if the space seems exhausted."""
        return self.sample_unseen(self._seen)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add a scored architecture to the population; replace a failed initial one."""
        self._add(proposal.architecture, score)

    def tell_losses(self, proposal: Proposal, losses: NDArray[np.float64] | None) -> None:
        """Add an evaluated architecture to the population; replace a failed initial one."""
        self._add(proposal.architecture, losses)

    def _add(self, architecture: Any, fitness: Any) -> None:
        if fitness is not None:
            self._population.append((fitness, architecture))
        elif not self._population:
            self._to_sample += 1

    def _best(self, members: list[tuple[Any, Any]]) -> tuple[Any, Any]:
        if self.objectives is None:
            return max(members, key=lambda member: member[0])
        return members[best_position([losses for losses, _ in members])]

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the population, instead of an initial random architecture."""
        self._seen.add(architecture.canonical_key)
        self._population.append((score, architecture))
        self._to_sample = max(0, self._to_sample - 1)
