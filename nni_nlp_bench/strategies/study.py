"""A study: methods compared on a table at equal cost, with as many seeds for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.policies import SeedPolicy
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.strategies.compare import Comparison
from nni_nlp_bench.strategies.methods import Method
from nni_nlp_bench.strategies.registry import UnavailableError, needs_curves
from nni_nlp_bench.strategies.run import check_search
from search_spaces.errors import UserError

Unit = Literal["simulated hours", "full trainings"]


@dataclass(frozen=True)
class Cost:
    """What each search may spend."""

    unit: Unit
    """Hours where the table records times, else epochs in units of a full training."""
    limit: float


@dataclass(frozen=True)
class Study:
    """What is compared, at what cost."""

    comparison: Comparison
    cost: Cost
    names: tuple[str, ...]
    """All methods that were asked for, in their order."""
    left_out: dict[str, str]
    """Of these, those that cannot run here or on this benchmark, and why."""


def plan(
    name: str,
    benchmark: Benchmark,
    methods: Sequence[Method],
    seeds: Sequence[int],
    trainings: int,
    runs: SeedPolicy = "first",
) -> Study:
    """The study of these methods on the benchmark of that name. Raises UserError.

    Each search may spend the cost of so many full trainings.
    """
    cost = cost_of(benchmark, trainings)
    kept, left_out = served(benchmark, methods, trainings)
    comparison = Comparison(
        benchmark=name,
        methods=kept,
        seeds=tuple(seeds),
        settings=Settings(seeds=runs, budget=budget_of(cost, benchmark.epochs)),
        restrict=True,
    )
    return Study(comparison, cost, tuple(method.name for method in methods), left_out)


def cost_of(benchmark: Benchmark, trainings: int) -> Cost:
    """The cost of so many trainings of the table's mean length. Raises BenchmarkError."""
    held = benchmark.architectures()
    if held is None:
        raise BenchmarkError(f"{benchmark.name} predicts: a study needs a table of results")
    hours = float(np.mean([benchmark.query(a).wall_time_s for a in held])) / 3600
    if math.isnan(hours):
        return Cost("full trainings", float(trainings))
    return Cost("simulated hours", trainings * hours)


def budget_of(cost: Cost, epochs: int) -> Budget:
    """The cost as the budget of a simulation; `epochs` is the length of a full training."""
    if cost.unit == "simulated hours":
        return Budget(hours=cost.limit)
    return Budget(epochs=round(cost.limit * epochs))


def served(
    benchmark: Benchmark, methods: Sequence[Method], trainings: int
) -> tuple[tuple[Method, ...], dict[str, str]]:
    """The methods that can run here on this benchmark, and by name why others cannot.

    What a method trains again costs nothing, so that each has a limit of evaluations too: twice
    `trainings`, and ten times where it asks for short ones. Raises UserError where none can run.
    """
    kept, left_out = [], {}
    for method in methods:
        try:
            check_search(benchmark, method.search(seed=0, settings=Settings(), restrict=True))
        except UnavailableError as error:
            left_out[method.name] = error.reason
            continue
        short = needs_curves(method.strategy, method.options)
        kept.append(replace(method, evaluations=(10 if short else 2) * trainings))
    if not kept:
        raise UserError(f"no method is left: {'; '.join(left_out_lines(left_out))}")
    return tuple(kept), left_out


def left_out_lines(left_out: Mapping[str, str]) -> list[str]:
    """A line a reason, with the methods that it concerns."""
    names = {
        reason: ", ".join(name for name, why in left_out.items() if why == reason)
        for reason in left_out.values()
    }
    return [f"left out: {of}: {reason}" for reason, of in names.items()]
