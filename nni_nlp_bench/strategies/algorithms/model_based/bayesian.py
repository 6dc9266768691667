"""Bayesian optimisation with an ensemble of trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.evaluators.policies import validate_choice
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.acquisition import (
    Acquisition,
    expected_improvement,
    upper_confidence_bound,
)
from nni_nlp_bench.strategies.models.ensembles import Bag, predictions
from nni_nlp_bench.strategies.models.features import FeatureEncoder


class BayesianOptimization(Strategy):
    """Proposes the candidate with the best acquisition value over an ensemble.

    The settings of the NAS-Bench-NLP release: boosted trees, 20 random architectures first,
    beta = 2. The pool of candidates grows by fresh samples and by mutations of the best
    architectures so far; the trees see their `counts` features, or principal components of
    them. A `forest` with expected improvement (`ei`) is the core of SMAC (Hutter et al., 2011).
    """

    def __init__(
        self,
        *args: Any,
        random_first: int = 20,
        beta: float = 2.0,
        bag: int = 10,
        model: Bag = "boosted",
        acquisition: Acquisition = "ucb",
        components: int | None = None,
        samples: int = 5,
        mutations: int = 20,
        parents: int = 10,
    ) -> None:
        super().__init__(*args)
        validate_choice("model", model, Bag)
        validate_choice("acquisition", acquisition, Acquisition)
        self._random_first = random_first
        self._beta = beta
        self._bag = bag
        self._model: Bag = model
        self._acquisition: Acquisition = acquisition
        self._samples = samples
        self._mutations = mutations
        self._parents = parents
        self._encoding = FeatureEncoder(self.space, components, self.rng)
        self._seen: set[str] = set()
        self._scored: list[tuple[float, Any]] = []
        self._features: list[NDArray[np.float64]] = []
        self._pool: dict[str, tuple[Any, NDArray[np.float64]]] = {}

    def ask(self) -> Proposal | None:
        """Return a random architecture at first, then the candidate with the best acquisition."""
        if len(self._scored) >= self._random_first:
            self._grow_pool()
        if not self._pool:
            architecture = self.sample_unseen(self._seen)
            return None if architecture is None else Proposal(architecture)
        promise = self._promise(np.stack([features for _, features in self._pool.values()]))
        chosen = list(self._pool)[int(np.argmax(promise))]
        self._seen.add(chosen)
        return Proposal(self._pool.pop(chosen)[0])

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add a scored architecture to the training set."""
        if score is not None:
            self._add(proposal.architecture, score)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Add it to the training set; it is not proposed any more."""
        self._seen.add(architecture.canonical_key)
        self._pool.pop(architecture.canonical_key, None)
        self._add(architecture, score)

    def _add(self, architecture: Any, score: float) -> None:
        self._scored.append((score, architecture))
        self._features.append(self._encoding.transform(architecture))

    def _grow_pool(self) -> None:
        best = sorted(self._scored, key=lambda pair: pair[0], reverse=True)[: self._parents]
        drawn = [self.space.sample(self.rng) for _ in range(self._samples)]
        drawn += [
            self.space.mutate(best[i % len(best)][1], self.rng) for i in range(self._mutations)
        ]
        for architecture in drawn:
            key = architecture.canonical_key
            if key not in self._seen and key not in self._pool:
                self._pool[key] = architecture, self._encoding.transform(architecture)

    def _promise(self, candidates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the acquisition value of each candidate: higher is better."""
        scores = np.array([score for score, _ in self._scored])
        bag = predictions(
            self._model, self._bag, np.stack(self._features), scores, candidates, self.rng
        )
        mean, std = bag.mean(axis=0), bag.std(axis=0)
        if self._acquisition == "ucb":
            return upper_confidence_bound(mean, std, self._beta)
        return expected_improvement(mean, std, scores.max())
