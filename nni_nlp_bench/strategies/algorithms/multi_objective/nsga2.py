"""NSGA-II (Deb et al., 2002) over the categorical choices of a space, by optuna."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.algorithms.optuna_strategy import OptunaStrategy


class NSGA2(OptunaStrategy):
    """Optuna's NSGA-II sampler on the space's choices: crossover, mutation, and selection by
    Pareto rank and crowding distance. Invalid samples are skipped."""

    objective_counts = (2, None)

    def __init__(self, *args: Any, population: int = 20) -> None:
        self._population = population
        super().__init__(*args, random_first=population)

    def _sampler(self, seed: int) -> Any:
        import optuna

        return optuna.samplers.NSGAIISampler(seed=seed, population_size=self._population)
