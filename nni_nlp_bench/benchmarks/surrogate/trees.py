"""Gradient-boosted trees, averaged over several seeds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Objective = Literal["regression", "cross_entropy"]

_SETTINGS = {
    "num_leaves": 15,
    "min_child_samples": 8,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "verbosity": -1,
    # one thread and fixed order of sums: the same data give the same trees
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}


@dataclass(frozen=True)
class Trees:
    """The mean of several boosted ensembles."""

    texts: tuple[str, ...]
    """Models in LightGBM's text format."""

    @classmethod
    def fit(
        cls,
        features: NDArray[np.float64],
        targets: NDArray[np.float64],
        *,
        objective: Objective = "regression",
        seeds: int,
        rounds: int,
        learning_rate: float,
        **settings: float,
    ) -> Trees:
        """Fit to features (cells, features) and targets (cells,), in [0, 1] for cross_entropy."""
        import lightgbm

        chosen = _SETTINGS | {"objective": objective, "learning_rate": learning_rate} | settings
        return cls(
            tuple(
                lightgbm.train(
                    chosen | {"seed": seed}, lightgbm.Dataset(features, targets), rounds
                ).model_to_string()
                for seed in range(seeds)
            )
        )

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predictions (cells,) for features (cells, features)."""
        outputs = [booster.predict(features, num_threads=1) for booster in self._boosters]
        mean: NDArray[np.float64] = np.mean(outputs, axis=0)
        return mean

    @cached_property
    def _boosters(self) -> list[Any]:
        import lightgbm

        return [lightgbm.Booster(model_str=text) for text in self.texts]
