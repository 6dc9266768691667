"""BANANAS (White et al., 2021, arXiv 1910.11858)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nni_nlp_bench.strategies.algorithms.model_based.predictor_based import (
    Array,
    PredictorBasedStrategy,
)
from nni_nlp_bench.strategies.models.ensembles import predictions
from nni_nlp_bench.strategies.models.rank_gaussian_process import normal_scores


class Bananas(PredictorBasedStrategy):
    """Ensemble of neural networks and independent Thompson sampling.

    The settings of the paper: ten random architectures, then batches of ten, ensembles of five
    networks of ten layers. The networks see the features of the space instead of the paper's path
    encoding, and the ranks of the scores instead of their values.
    """

    ensemble = 5

    def __init__(
        self,
        *args: Any,
        batch: int = 10,
        random_first: int = 10,
        scored_start: bool = False,
        samples: int = 100,
        parents: int = 10,
    ) -> None:
        super().__init__(
            *args,
            batch=batch,
            random_first=random_first,
            scored_start=scored_start,
            samples=samples,
            parents=parents,
        )

    def select(self, candidates: Array, count: int) -> Sequence[int]:
        """Return the candidates with the highest draws from their predicted distributions."""
        return best_positions(self._values(self._predictions(candidates)), count)

    def _predictions(self, candidates: Array) -> Array:
        """Return the predictions (ensemble, candidates)."""
        targets = normal_scores(self.scores)
        return predictions("mlp", self.ensemble, self.features(), targets, candidates, self.rng)

    def _values(self, predicted: Array) -> Array:
        """Return a draw for each candidate, independent of the others."""
        noise = self.rng.normal(size=predicted.shape[1])
        return np.asarray(predicted.mean(axis=0) + noise * predicted.std(axis=0))


def best_positions(values: Array, count: int) -> list[int]:
    """Return the positions of the highest values, highest first."""
    return [int(i) for i in np.argsort(-values, kind="stable")[:count]]
