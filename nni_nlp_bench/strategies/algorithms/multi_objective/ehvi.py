"""Expected hypervolume improvement (Emmerich et al., 2011) in two or three objectives."""

from __future__ import annotations

from typing import Any

import numpy as np

from nni_nlp_bench.core.pareto import nondominated
from nni_nlp_bench.strategies.algorithms.multi_objective.pareto_models import (
    Array,
    ParetoModelStrategy,
)
from nni_nlp_bench.strategies.models.hypervolume_improvement import (
    expected_hypervolume_improvement,
)

MARGIN = 0.05
"""Distance of the reference point from the worst evaluation or prediction, as a part of the range
of an objective."""


class Ehvi(ParetoModelStrategy):
    """Proposes the candidate with the largest expected hypervolume improvement.

    Objectives that need no training, such as the parameters, are known exactly; each of the others
    has a Gaussian process. The posterior mean stands in for pending results.
    """

    objective_counts = (2, 3)

    def __init__(
        self,
        *args: Any,
        random_first: int = 10,
        scored_start: bool = True,
        samples: int = 100,
        mutations: int = 100,
    ) -> None:
        super().__init__(
            *args,
            random_first=random_first,
            scored_start=scored_start,
            samples=samples,
            mutations=mutations,
        )

    def acquisition(self, candidates: list[Any], features: Array) -> Array:
        """Return the expected hypervolume improvement of each candidate."""
        pending = [proposal.architecture for proposal in self._pending]
        everything = np.concatenate([features, self.pending_features()])
        known = self.scaled(
            np.stack([self._several.known_losses(a) for a in (*candidates, *pending)])
        )
        losses = self.losses()
        mean, std = known, np.zeros_like(known)
        for j in np.flatnonzero(np.isnan(known).any(axis=0)):
            mean[:, j], std[:, j] = self.predict(int(j), losses[:, j], everything)
        count = len(candidates)
        found = np.concatenate([losses, mean[count:]])
        front = found[nondominated(found)]
        # A candidate beyond all that was evaluated, such as the smallest, is on the front as well.
        low, high = np.minimum(mean.min(axis=0), 0.0), np.maximum(mean.max(axis=0), 1.0)
        reference = high + MARGIN * (high - low)
        return expected_hypervolume_improvement(mean[:count], std[:count], front, reference)
