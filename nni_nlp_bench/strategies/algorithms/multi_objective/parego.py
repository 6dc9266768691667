"""ParEGO (Knowles, 2006): one random scalarisation of the objectives per proposal."""

from __future__ import annotations

from typing import Any

import numpy as np

from nni_nlp_bench.strategies.algorithms.multi_objective.pareto_models import (
    Array,
    ParetoModelStrategy,
)
from nni_nlp_bench.strategies.models.acquisition import expected_improvement

AUGMENTATION = 0.05
"""Weight of the sum in the augmented Chebyshev function."""


class ParEgo(ParetoModelStrategy):
    """Proposes the candidate with the largest expected improvement of a random scalarisation.

    The augmented Chebyshev function of the losses, with new weights for every proposal, is modelled
    by a Gaussian process.
    """

    def acquisition(self, candidates: list[Any], features: Array) -> Array:
        """Return the expected improvement of the scalarised losses."""
        losses = self.losses()
        weighted = self.rng.dirichlet(np.ones(losses.shape[1])) * losses
        target = weighted.max(axis=1) + AUGMENTATION * weighted.sum(axis=1)
        self._kernels.clear()  # each scalarisation is a function of its own
        mean, std = self.predict(0, target, features)
        return expected_improvement(-mean, std, -float(target.min()))
