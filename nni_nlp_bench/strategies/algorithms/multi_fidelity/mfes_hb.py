"""MFES-HB (Li et al., AAAI 2021, arXiv 2012.03011)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nni_nlp_bench.strategies.algorithms.multi_fidelity.model_hyperband import ModelHyperband
from nni_nlp_bench.strategies.models.acquisition import expected_improvement
from nni_nlp_bench.strategies.models.candidates import CandidatePool
from nni_nlp_bench.strategies.models.fidelity_ensemble import Array, FidelityEnsemble
from nni_nlp_bench.strategies.models.rank_gaussian_process import normal_scores


class MfesHb(ModelHyperband):
    """Hyperband whose architectures have the largest expected improvement by an ensemble.

    The ensemble has a model for each length of training, weighted by how well it orders the full
    trainings. Models and candidates are those of `guided`, Gaussian processes on ranks, where the
    paper has random forests; an improvement is one over the highest mean of all architectures
    with a score.

    Args:
        *args: Those of every strategy.
        eta: One in `eta` architectures is promoted.
        random_fraction: Fraction of the architectures that are random.
        power: Exponent of the models' weights, the paper's theta.
        min_points: Number of trainings of one length before there is a model of it.
        samples: Number of random candidates.
        parents: Number of best architectures whose neighbours are candidates.
    """

    def __init__(
        self,
        *args: Any,
        eta: int = 3,
        random_fraction: float = 1 / 3,
        power: float = 3.0,
        min_points: int = 10,
        samples: int = 500,
        parents: int = 10,
    ) -> None:
        super().__init__(*args, eta=eta, random_fraction=random_fraction)
        self._min_points = min_points
        self._parents = parents
        self._pool = CandidatePool(self.space, self.rng, samples)
        self._ensemble = FidelityEnsemble(self.epochs, power)
        self._known: dict[str, Any] = {}
        """Architectures with a score, by key."""
        self._scores: dict[int, dict[str, float | None]] = {self.epochs: {}}
        """By length of training and key; None for failed trainings."""
        self._changed: set[int] = set()
        """Lengths with scores that the ensemble has not seen."""

    @classmethod
    def uses_features(cls, options: Mapping[str, Any]) -> bool:
        """Return True: the models see the features of the space."""
        return True

    def _observe(self, architecture: Any, epochs: int, score: float | None) -> None:
        self._known[architecture.canonical_key] = architecture
        self._scores.setdefault(epochs, {})[architecture.canonical_key] = score
        self._changed.add(epochs)

    def _suggest(self) -> Any | None:
        if not any(len(scores) >= self._min_points for scores in self._scores.values()):
            return None
        self._update_ensemble()
        known = list(self._known.values())
        means, _ = self._ensemble.predict(self._pool.features(known))
        parents = [known[i] for i in np.argsort(-means, kind="stable")[: self._parents]]
        candidates = self._pool.draw(parents, self._seen)
        if not candidates:
            return None
        mean, std = self._ensemble.predict(self._pool.features(candidates))
        return candidates[int(np.argmax(expected_improvement(mean, std, float(means.max()))))]

    def _update_ensemble(self) -> None:
        for length in sorted(self._changed):
            if len(self._scores[length]) >= self._min_points:
                self._ensemble.fit(length, *self._training_set(length))
        if len(self._scores[self.epochs]) >= 3:
            self._ensemble.weigh(*self._training_set(self.epochs))
        else:
            self._ensemble.weigh_equally()
        self._changed.clear()

    def _training_set(self, length: int) -> tuple[Array, Array]:
        """Return features and normal scores of the trainings of one length."""
        scores = self._scores[length]
        features = self._pool.features([self._known[key] for key in scores])
        return features, normal_scores([*scores.values()])
