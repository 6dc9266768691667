"""Bayesian optimisation by a Gaussian process on ranks, started by a zero-cost score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nni_nlp_bench.strategies.algorithms.model_based.predictor_based import (
    Array,
    PredictorBasedStrategy,
)
from nni_nlp_bench.strategies.models.acquisition import expected_improvement
from nni_nlp_bench.strategies.models.rank_gaussian_process import (
    Hyperparameters,
    RankGaussianProcess,
    normal_scores,
)

_REFIT_EVERY = 5
"""Evaluations between two fits of the hyperparameters."""


class Guided(PredictorBasedStrategy):
    """Proposes the candidate with the largest expected improvement of the rank.

    The Gaussian process sees all features of the space and the normal quantiles of the ranks of
    the scores, in which failed trainings count as the worst. Every second one of the first
    evaluations is the best of 20 random architectures by the space's zero-cost score. Of several
    workers, the posterior mean stands in for pending results.
    """

    def __init__(
        self,
        *args: Any,
        random_first: int = 10,
        scored_start: bool = True,
        samples: int = 500,
        parents: int = 10,
    ) -> None:
        super().__init__(
            *args,
            random_first=random_first,
            scored_start=scored_start,
            samples=samples,
            parents=parents,
        )
        self._hyperparameters: Hyperparameters | None = None
        self._fitted_at = 0

    def select(self, candidates: Array, count: int) -> Sequence[int]:
        """Return the candidate with the largest expected improvement."""
        targets = normal_scores(self.scores)
        mean, std = self._process(targets).predict(candidates)
        return [int(np.argmax(expected_improvement(mean, std, targets.max())))]

    def _process(self, targets: Array) -> RankGaussianProcess:
        """Return the process of all evaluations, and of pending ones at their posterior mean."""
        if len(targets) - self._fitted_at >= _REFIT_EVERY:
            self._hyperparameters, self._fitted_at = None, len(targets)
        features = self.features()
        process = RankGaussianProcess(features, targets, self._hyperparameters)
        self._hyperparameters = process.hyperparameters
        pending = self.pending_features()
        if pending is None:
            return process
        believed = np.concatenate([targets, process.predict(pending)[0]])
        return RankGaussianProcess(
            np.concatenate([features, pending]), believed, process.hyperparameters
        )
