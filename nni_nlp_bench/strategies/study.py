"""Studies: comparison of strategies on a table at equal cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.evaluators.policies import RunSelection
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.strategies.compare import Comparison
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.equal_cost import (
    Cost,
    budget_of,
    cost_of,
    split_available,
    with_limits,
)


@dataclass(frozen=True)
class Study:
    """Plan of a study."""

    comparison: Comparison
    cost: Cost
    names: tuple[str, ...]
    """Names of all requested strategies, in order."""
    left_out: dict[str, str]
    """Strategies that cannot run here or on this benchmark, with the reasons."""


def plan_study(
    benchmark: Benchmark,
    strategies: Sequence[StrategyConfig],
    seeds: Sequence[int],
    trainings: int,
    run_selection: RunSelection = "first",
) -> Study:
    """Plan a study on a table; each search may spend the cost of `trainings` full trainings.

    Raises UserError.
    """
    cost = cost_of(benchmark, trainings)
    available, left_out = split_available(benchmark, strategies)
    comparison = Comparison(
        strategies=with_limits(available, trainings),
        seeds=tuple(seeds),
        settings=Settings(run_selection=run_selection, budget=budget_of(cost, benchmark.epochs)),
        restrict=True,
    )
    return Study(comparison, cost, tuple(config.name for config in strategies), left_out)
