"""Asynchronous successive halving, ASHA (Li et al., 2020, arXiv 1810.05934)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.strategies.algorithms.multi_fidelity.brackets import count_halvings, rung_epochs
from nni_nlp_bench.strategies.base import Proposal, Strategy


class Rung:
    """Scores of the trainings of one length."""

    def __init__(self) -> None:
        self._size = 0
        self._ranked: list[tuple[float, int, Any]] = []
        """Negative score, order of arrival and architecture, best first; none that failed."""
        self._promoted: set[int] = set()

    def add(self, architecture: Any, score: float | None) -> None:
        """Add a training that has ended; a failed one (None) counts in the size of the rung."""
        if score is not None:
            insort(self._ranked, (-score, self._size, architecture), key=lambda entry: entry[:2])
        self._size += 1

    def promote(self, eta: int) -> Any | None:
        """Return the best architecture that was not promoted yet, among the top 1/eta.

        None if there is none. With `eta` 1, all that did not fail are candidates.
        """
        for _, order, architecture in self._ranked[: self._size // eta]:
            if order not in self._promoted:
                self._promoted.add(order)
                return architecture
        return None


class Asha(Strategy):
    """Asynchronous successive halving: promotes an architecture as soon as its rung allows it.

    Algorithm 2 of the paper with s = 0: from the highest rung down, the best architecture in the
    top 1/eta of a rung that was not promoted yet is; where there is none, a new random architecture
    enters the lowest rung. Nothing waits for a rung to be complete, so that workers are never idle.

    Once no architecture of the space is new, the best of the highest rung is promoted beyond the
    top 1/eta: the search of a table ends with the table, not before.

    Args:
        *args: Those of every strategy.
        eta: Reduction factor: a rung's trainings are `eta` times as long as those below.
        min_epochs: Lower bound of the shortest training, the paper's r.
    """

    def __init__(self, *args: Any, eta: int = 3, min_epochs: int = 1) -> None:
        super().__init__(*args)
        self._eta = eta
        self._halvings = count_halvings(self.epochs, eta, min_epochs)
        self._rungs = [Rung() for _ in range(self._halvings + 1)]
        self._rung_of: dict[Proposal, int] = {}
        """Rungs of the running trainings."""
        self._seen: set[str] = set()

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return True: most trainings are shorter than a full one."""
        return True

    def ask(self) -> Proposal | None:
        """Return a promotion, or the shortest training of a new architecture."""
        return self._promoted(self._eta) or self._sampled() or self._promoted(1)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add the score to its rung; a failed training is not promoted."""
        self._rungs[self._rung_of.pop(proposal)].add(proposal.architecture, score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Exclude it from later samples."""
        self._seen.add(architecture.canonical_key)

    def _promoted(self, eta: int) -> Proposal | None:
        for rung in reversed(range(self._halvings)):
            architecture = self._rungs[rung].promote(eta)
            if architecture is not None:
                return self._training(architecture, rung + 1)
        return None

    def _sampled(self) -> Proposal | None:
        architecture = self.sample_unseen(self._seen)
        return None if architecture is None else self._training(architecture, 0)

    def _training(self, architecture: Any, rung: int) -> Proposal:
        length = rung_epochs(self.epochs, self._eta, self._halvings - rung)
        proposal = Proposal(architecture, length)
        self._rung_of[proposal] = rung
        return proposal
