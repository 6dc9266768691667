"""Base class of strategies that propose what a model of the scores predicts to be good."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.candidates import CandidatePool
from nni_nlp_bench.strategies.models.initial_design import InitialDesign

Array = NDArray[np.float64]


class PredictorBasedStrategy(Strategy):
    """Proposes architectures that a model of all evaluated ones selects among candidates.

    The first `random_first` proposals are random or, every second one with `scored_start`, the best
    of 20 random ones by the space's default zero-cost score. Candidates are random architectures
    and those near the `parents` best, see `CandidatePool`.

    Args:
        batch: Number of proposals that each fitted model selects.
        random_first: Number of evaluations before the first model.
        scored_start: Whether zero-cost scores choose every second one of these.
        samples: Number of random candidates.
        parents: Number of best architectures whose neighbours are candidates.
    """

    def __init__(
        self,
        *args: Any,
        batch: int = 1,
        random_first: int = 10,
        scored_start: bool = False,
        samples: int = 500,
        parents: int = 10,
    ) -> None:
        super().__init__(*args)
        for name, value, least in (
            ("batch", batch, 1),
            ("random_first", random_first, 2),
            ("samples", samples, 20),
            ("parents", parents, 1),
        ):
            if value < least:
                raise UserError(f"{name} must be {least} or more, got {value}")
        self._batch = batch
        self._random_first = random_first
        self._initial = InitialDesign(self, scored_start)
        self._parents = parents
        self._pool = CandidatePool(self.space, self.rng, samples)
        self._seen: set[str] = set()
        self._queue: deque[Any] = deque()
        self._evaluated: list[Any] = []
        self.scores: list[float | None] = []
        """Scores of the evaluated architectures, higher is better; None for failed trainings."""
        self._pending: list[Proposal] = []

    @classmethod
    def uses_features(cls, options: Mapping[str, Any]) -> bool:
        """Return True: the model sees the features of the space."""
        return True

    @abstractmethod
    def select(self, candidates: Array, count: int) -> Sequence[int]:
        """Return the positions of the candidates to evaluate next, at most `count`.

        Args:
            candidates: Standardised features (candidates, features).
            count: Number of proposals wanted.
        """

    def ask(self) -> Proposal | None:
        """Return an architecture of the start, then one that the model selects."""
        architecture = self._next()
        if architecture is None:
            return None
        self._seen.add(architecture.canonical_key)
        proposal = Proposal(architecture)
        self._pending.append(proposal)
        return proposal

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add an evaluated architecture to the training set."""
        self._pending.remove(proposal)
        self._evaluated.append(proposal.architecture)
        self.scores.append(score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the training set; it is not proposed any more."""
        self._seen.add(architecture.canonical_key)
        self._evaluated.append(architecture)
        self.scores.append(score)

    def best_evaluated(self, count: int) -> list[Any]:
        """Return the architectures with the highest scores, best first."""
        pairs = zip(self.scores, self._evaluated, strict=True)
        finished = [(score, architecture) for score, architecture in pairs if score is not None]
        finished.sort(key=lambda pair: -pair[0])
        return [architecture for _, architecture in finished[:count]]

    def features(self) -> Array:
        """Return the standardised features (evaluations, features) of what was evaluated."""
        return self._pool.features(self._evaluated)

    def pending_features(self) -> Array | None:
        """Return the features (proposals, features) of what is being evaluated; None for none."""
        pending = [proposal.architecture for proposal in self._pending]
        return self._pool.features(pending) if pending else None

    def _next(self) -> Any | None:
        known = len(self.scores) + len(self._pending)
        if known < self._random_first or all(score is None for score in self.scores):
            return self._initial.propose(known, self._seen)
        if not self._queue:
            self._fill_queue()
        while self._queue:
            architecture = self._queue.popleft()
            if architecture.canonical_key not in self._seen:
                return architecture
        return self.sample_unseen(self._seen)

    def _fill_queue(self) -> None:
        candidates = self._pool.draw(self.best_evaluated(self._parents), self._seen)
        if not candidates:
            return
        chosen = self.select(self._pool.features(candidates), self._batch)
        self._queue.extend(candidates[i] for i in chosen)
