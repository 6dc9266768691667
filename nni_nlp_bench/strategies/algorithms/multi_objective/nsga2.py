"""NSGA-II (Deb et al., 2002) over the categorical choices of a space, by optuna."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.strategies.algorithms.optuna_strategy import OptunaStrategy
from nni_nlp_bench.strategies.sampler_strategy import Training


class NSGA2(OptunaStrategy):
    """Optuna's NSGA-II sampler on the space's choices: crossover, mutation, and selection by
    Pareto rank and crowding distance.

    Samples that are no architectures, or whose architecture was proposed before, are skipped: a
    population has only individuals that the sampler made. On a table, a sample stands for the
    nearest architecture.
    """

    objective_counts = (2, None)
    _tries = 100

    def __init__(self, *args: Any, population: int = 20) -> None:
        self._population = population
        super().__init__(*args, random_first=population)

    def _sampler(self, seed: int) -> Any:
        import optuna

        return optuna.samplers.NSGAIISampler(seed=seed, population_size=self._population)

    def _training(self, handle: Any, architecture: Any) -> Training | None:
        if self.space.table is not None:
            architecture = self.space.nearest(architecture)
        if architecture.canonical_key in self._seen:
            self._drop(handle)
            return None
        return Training(handle, architecture, None)
