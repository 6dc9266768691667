"""Tree-structured Parzen estimator over the categorical choices of a space, by optuna."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.algorithms.optuna_strategy import OptunaStrategy


class TPE(OptunaStrategy):
    """Optuna's TPE sampler on the space's choices; invalid samples are skipped."""

    def __init__(self, *args: Any, random_first: int = 20) -> None:
        self._random_first = random_first
        super().__init__(*args)

    def _sampler(self, seed: int) -> Any:
        import optuna

        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=self._random_first)
