"""Base class of model-based strategies for several objectives."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.pareto import nondominated
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.gaussian_process import GaussianProcess, spread
from nni_nlp_bench.strategies.models.initial_design import InitialDesign

Array = NDArray[np.float64]
_REFIT_EVERY = 5


class ParetoModelStrategy(Strategy):
    """Proposes the candidate with the best acquisition value over Gaussian processes.

    The first `random_first` proposals are random or, every second one with `scored_start`, the best
    of 20 random ones by the space's default zero-cost score. Then candidates are the latest
    `samples` random architectures, a tenth of them new for each proposal, and `mutations` of the
    front so far. The processes see `counts` features, standardised over random architectures, and
    losses scaled to [0, 1]; failed trainings count as the worst loss seen. Kernels are fitted every
    fifth evaluation.
    """

    objective_counts: ClassVar[tuple[int, int | None]] = (2, None)

    def __init__(
        self,
        *args: Any,
        random_first: int = 10,
        scored_start: bool = False,
        samples: int = 100,
        mutations: int = 100,
    ) -> None:
        super().__init__(*args)
        if random_first < 2:
            raise UserError("random_first must be 2 or more: the models need two evaluations")
        if samples < 20:
            raise UserError("samples must be 20 or more: features are standardised over them")
        assert self.objectives is not None
        self._several = self.objectives
        self._random_first = random_first
        self._initial = InitialDesign(self, scored_start)
        self._fresh = samples // 10
        self._mutations = mutations
        self._asked = 0
        self._seen: set[str] = set()
        self._pending: dict[Proposal, Array] = {}
        """Features of the proposals that are evaluated."""
        self._evaluated: list[Any] = []
        self._features: list[Array] = []
        self._losses: list[Array | None] = []
        self._kernels: dict[int, Any] = {}
        self._sampled = deque(self._samples_of_space(samples), maxlen=samples)
        drawn = np.stack([self._encode(architecture) for architecture in self._sampled])
        self._centre, self._scale = drawn.mean(axis=0), spread(drawn)

    @abstractmethod
    def acquisition(self, candidates: list[Any], features: Array) -> Array:
        """Return the acquisition value of each candidate: higher is better.

        Args:
            candidates: Architectures.
            features: Their standardised features (candidates, features).
        """

    def ask(self) -> Proposal | None:
        """Return an architecture of the start, then the candidate with the best acquisition."""
        first = self._asked < self._random_first or not any(row is not None for row in self._losses)
        architecture = (
            self._initial.propose(self._asked, self._seen) if first else self._best_candidate()
        )
        if architecture is None:
            return None
        self._asked += 1
        self._seen.add(architecture.canonical_key)
        proposal = Proposal(architecture)
        self._pending[proposal] = self._standardized(architecture)
        return proposal

    def tell_losses(self, proposal: Proposal, losses: Array | None) -> None:
        """Add an evaluated architecture to the training set."""
        self._features.append(self._pending.pop(proposal))
        self._evaluated.append(proposal.architecture)
        self._losses.append(losses)

    def _best_candidate(self) -> Any | None:
        candidates = self._candidates()
        if not candidates:
            return self.sample_unseen(set(self._seen))
        features = np.stack([self._standardized(candidate) for candidate in candidates])
        return candidates[int(np.argmax(self.acquisition(candidates, features)))]

    def _candidates(self) -> list[Any]:
        losses = self.losses()
        front = [self._evaluated[i] for i in np.flatnonzero(nondominated(losses))]
        self._sampled.extend(self._samples_of_space(self._fresh))
        mutants = [
            self.space.mutate(front[i % len(front)], self.rng) for i in range(self._mutations)
        ]
        drawn = (*self._sampled, *mutants)
        unseen = {a.canonical_key: a for a in drawn if a.canonical_key not in self._seen}
        return list(unseen.values())

    def _samples_of_space(self, count: int) -> list[Any]:
        return [self.space.sample(self.rng) for _ in range(count)]

    def losses(self) -> Array:
        """Return the losses (evaluations, objectives), scaled to [0, 1].

        Failed trainings have the worst of each objective.
        """
        finished = np.stack([losses for losses in self._losses if losses is not None])
        worst = finished.max(axis=0)
        return self.scaled(np.stack([worst if row is None else row for row in self._losses]))

    def scaled(self, losses: Array) -> Array:
        """Return losses in units of the range of the evaluations, from their lowest."""
        finished = np.stack([losses for losses in self._losses if losses is not None])
        low, span = finished.min(axis=0), np.ptp(finished, axis=0)
        return np.asarray((losses - low) / np.where(span > 0, span, 1.0))

    def predict(self, number: int, targets: Array, features: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of a target, without noise, at some features.

        Args:
            number: Number of the model, whose kernel is kept between refits.
            targets: A target for each evaluation.
            features: Standardised features (candidates, features).
        """
        refit = number not in self._kernels or len(targets) % _REFIT_EVERY == 0
        kernel = None if refit else self._kernels[number]
        model = GaussianProcess(np.stack(self._features), targets, kernel=kernel)
        self._kernels[number] = model.kernel
        mean, variance = model.predict(features, noise=False)
        return mean, np.sqrt(variance)

    def pending_features(self) -> Array:
        """Return the features (proposals, features) of what is being evaluated."""
        found = list(self._pending.values())
        return np.stack(found) if found else np.empty((0, len(self._centre)))

    def _encode(self, architecture: Any) -> Array:
        return self.space.encode(architecture, "counts")

    def _standardized(self, architecture: Any) -> Array:
        return np.asarray((self._encode(architecture) - self._centre) / self._scale)
