"""Base class of strategies that are Hyperband with a model of the scores."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.multi_fidelity.hyperband import Hyperband
from nni_nlp_bench.strategies.base import Proposal


class ModelHyperband(Hyperband):
    """Hyperband's brackets, whose architectures a model chooses from all scores so far.

    An architecture is chosen when a worker asks for it, and no bracket repeats those of earlier
    ones while there are others.

    Args:
        *args: Those of every strategy.
        eta: One in `eta` architectures is promoted.
        random_fraction: Fraction of the architectures that are random.
    """

    _redraws = False

    def __init__(self, *args: Any, eta: int, random_fraction: float) -> None:
        super().__init__(*args, eta=eta)
        if not 0 <= random_fraction <= 1:
            raise UserError(f"random_fraction {random_fraction} must be 0 to 1")
        self._random_fraction = random_fraction

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Record the score for the rung's ranking and for the model."""
        super().tell(proposal, score)
        self._observe(proposal.architecture, proposal.epochs or self.epochs, score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add a full training to the model; the architecture is not drawn any more."""
        self._seen.add(architecture.canonical_key)
        self._observe(architecture, self.epochs, score)

    @abstractmethod
    def _observe(self, architecture: Any, epochs: int, score: float | None) -> None:
        """Add the score of a training of that length to the model; None if it failed."""

    @abstractmethod
    def _suggest(self) -> Any | None:
        """Return an architecture that is not in `_seen`; None while there is no model for it."""

    def _new_architecture(self) -> Any | None:
        if self.rng.random() >= self._random_fraction:
            architecture = self._suggest()
            if architecture is not None:
                self._seen.add(architecture.canonical_key)
                return architecture
        return self.sample_unseen(self._seen)

    def _unseen_of_table(self, most: int) -> list[Any] | None:
        """Return at most that many random unseen architectures of the table; None without one."""
        if self.space.table is None:
            return None
        unseen = [a for a in self.space.table if a.canonical_key not in self._seen]
        if len(unseen) <= most:
            return unseen
        return [unseen[i] for i in self.rng.choice(len(unseen), most, replace=False)]
