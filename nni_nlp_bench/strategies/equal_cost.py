"""Budgets of equal cost for searches with trainings of different length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.registry import UnavailableError
from nni_nlp_bench.strategies.search import Search, check_search

Unit = Literal["simulated hours", "full trainings"]
SAMPLES = 100
"""Random architectures whose mean time stands for that of a space."""


@dataclass(frozen=True)
class Cost:
    """Cost limit per search."""

    unit: Unit
    """Hours if the table records times, else epochs in units of a full training."""
    limit: float


def cost_of(benchmark: Benchmark, trainings: int) -> Cost:
    """Return the cost of that many trainings of the mean length.

    The mean is that of the architectures of a table, else of random ones of the space.
    """
    held = benchmark.architectures()
    if held is None:
        rng = np.random.default_rng(0)
        held = [benchmark.space.sample(rng) for _ in range(SAMPLES)]
    hours = float(np.mean([benchmark.query(a).wall_time_s for a in held])) / 3600
    if math.isnan(hours):
        return Cost("full trainings", float(trainings))
    return Cost("simulated hours", trainings * hours)


def budget_of(cost: Cost, epochs: int) -> Budget:
    """Return the budget of that cost; `epochs` is the length of a full training."""
    if cost.unit == "simulated hours":
        return Budget(hours=cost.limit)
    return Budget(epochs=round(cost.limit * epochs))


def is_multi_fidelity(config: StrategyConfig) -> bool:
    """Return whether the strategy is multi-fidelity."""
    return config.kind.is_multi_fidelity(config.options)


def with_limits(configs: Sequence[StrategyConfig], trainings: int) -> tuple[StrategyConfig, ...]:
    """Limit the evaluations of each strategy too, since repeated trainings cost nothing.

    Twice `trainings`, or ten times for multi-fidelity strategies.
    """
    return tuple(
        replace(config, evaluations=(10 if is_multi_fidelity(config) else 2) * trainings)
        for config in configs
    )


def split_available(
    benchmark: Benchmark, configs: Sequence[StrategyConfig]
) -> tuple[list[StrategyConfig], dict[str, str]]:
    """Return the strategies that can run on this benchmark, and why others cannot, by name.

    Raises UserError if none can run.
    """
    available, left_out = [], {}
    for config in configs:
        try:
            check_search(benchmark, Search(config))
        except UnavailableError as error:
            left_out[config.name] = error.reason
        else:
            available.append(config)
    if not available:
        raise UserError(f"no strategy can run: {'; '.join(left_out_lines(left_out))}")
    return available, left_out


def left_out_lines(left_out: Mapping[str, str]) -> list[str]:
    """Return one line per reason, with the strategies that it concerns."""
    names = {
        reason: ", ".join(name for name, why in left_out.items() if why == reason)
        for reason in left_out.values()
    }
    return [f"left out: {of}: {reason}" for reason, of in names.items()]
