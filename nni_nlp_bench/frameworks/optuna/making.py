"""Strategies that can propose trials of Optuna."""

from __future__ import annotations

from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.registry import UnavailableError
from nni_nlp_bench.strategies.search import search_space
from search_spaces.base import SearchSpace


def make_strategy(
    config: StrategyConfig, benchmark: Benchmark | SearchSpace[Any] | str, seed: int
) -> Strategy:
    """Return the strategy for the space of an `OptunaObjective`.

    Args:
        config: Name and options of the strategy.
        benchmark: The benchmark of the objective, its name or folder, or a search space.
        seed: Seed of the strategy.

    Raises:
        UnavailableError: A library is missing, or the strategy asks for shorter trainings.
        UserError: The strategy refuses the space or an option, or has several objectives.
    """
    if (missing := config.kind.missing_dependency()) is not None:
        raise UnavailableError(config.name, missing)
    if config.kind.is_multi_fidelity(config.options):
        raise UnavailableError(
            config.name,
            "it asks for shorter trainings, which Optuna's trials cannot resume: take a pruner, "
            "such as HyperbandPruner, or nni_nlp_bench.search",
        )
    rng = np.random.default_rng(seed)
    if isinstance(benchmark, SearchSpace):
        return config.make(benchmark, rng, epochs=1)
    benchmark = load(benchmark) if isinstance(benchmark, str) else benchmark
    space = search_space(benchmark, restrict=benchmark.size is not None)
    strategy = config.make(space, rng, benchmark.epochs)
    strategy.loss_unit = benchmark.unit
    return strategy
