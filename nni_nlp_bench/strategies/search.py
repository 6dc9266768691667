"""A single search: a strategy on a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.journal import Journal
from nni_nlp_bench.evaluators.objectives import SearchObjectives
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.loop import run_loop
from nni_nlp_bench.strategies.registry import UnavailableError
from nni_nlp_bench.strategies.result import SearchResult
from search_spaces.base import SearchSpace
from search_spaces.best_of_n import BestOfNSpace
from search_spaces.tabular import TabularSpace


@dataclass(frozen=True)
class Search:
    """Configuration of one search, without the benchmark."""

    strategy: StrategyConfig
    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    restrict: bool | None = None
    """Whether to propose only architectures of the table; None to restrict it only if
    other architectures have no result."""
    warm_start: str | None = None
    """Zero-cost score that selects the best of ten random architectures; None for none."""

    def space(self, benchmark: Benchmark) -> SearchSpace[Any]:
        """Return the space of the search. Raises BenchmarkError, UnknownNameError."""
        restrict = self.restrict
        if restrict is None:
            restrict = benchmark.size is not None and self.settings.on_missing == "error"
        return search_space(benchmark, restrict, self.warm_start)


Explore = Callable[[Search, SearchSpace[Any], Simulation], None]
"""Runs a search on a space with the evaluations of a simulation."""


def search_space(
    benchmark: Benchmark, restrict: bool, warm_start: str | None = None
) -> SearchSpace[Any]:
    """Return the space of a benchmark, restricted to its table if asked.

    `warm_start` is a zero-cost score that selects the best of ten random architectures.
    Raises BenchmarkError, UnknownNameError.
    """
    space = benchmark.space
    if restrict:
        held = benchmark.architectures()
        if held is None:
            raise BenchmarkError(
                f"{benchmark.name} answers for any architecture: nothing to restrict"
            )
        space = TabularSpace(space.unwrapped, held)
    if warm_start is None:
        return space
    scorer = benchmark.zero_cost_scorer(warm_start)
    return BestOfNSpace(space, scorer or ZeroCostScorer(warm_start, space=benchmark.space_name))


def check_search(benchmark: Benchmark, search: Search) -> None:
    """Raise UserError for an invalid search.

    Raises UnavailableError for a strategy that cannot run here, or not on this benchmark, and
    UnknownNameError.
    """
    config = search.strategy
    config.check()
    missing = config.kind.missing_dependency()
    if missing is not None:
        raise UnavailableError(config.name, missing)
    if config.kind.is_multi_fidelity(config.options) and not benchmark.has_curves:
        raise UnavailableError(
            config.name,
            f"{benchmark.name} has no learning curves, which shorter trainings need; "
            "take a table with curves",
        )
    _check_objectives(benchmark, search)
    if config.strategy == "grid" and (benchmark.size is None or search.restrict is False):
        raise UserError("strategy 'grid' enumerates a table: restrict the search to one")


def _check_objectives(benchmark: Benchmark, search: Search) -> None:
    """Raise UserError if the strategy cannot optimise so many objectives."""
    names = search.settings.objectives
    count = len(SearchObjectives.of(benchmark, names).names) if names else 1
    fewest, most = search.strategy.kind.objective_counts
    if count < fewest:
        raise UserError(
            f"strategy {search.strategy.name!r} optimises several objectives: name them, such as "
            f"{benchmark.objective},parameters"
        )
    if most is not None and count > most:
        able = "random, regularized_evolution, nsga2 or parego"
        raise UserError(
            f"strategy {search.strategy.name!r} optimises at most {most} objective"
            f"{'s' if most > 1 else ''}, not {count}: take {able}"
        )


def explore(search: Search, space: SearchSpace[Any], simulation: Simulation) -> None:
    """Run the strategy until the budget of the simulation is used up."""
    run_loop(strategy_of(search, space, simulation), simulation)


def strategy_of(search: Search, space: SearchSpace[Any], simulation: Simulation) -> Strategy:
    """Return the strategy of a search at its start."""
    config, epochs = search.strategy, simulation.benchmark.epochs
    rng = np.random.default_rng(search.seed)
    strategy = config.make(space, rng, epochs, simulation.objectives)
    strategy.loss_unit = simulation.benchmark.unit
    return strategy


def run_search(
    benchmark: Benchmark,
    search: Search,
    *,
    space: SearchSpace[Any] | None = None,
    surrogate: Benchmark | None = None,
    journal_path: Path | None = None,
    on_trial: Callable[[Trial], None] | None = None,
    explore: Explore = explore,
) -> SearchResult:
    """Run one search, or resume it from its journal.

    Args:
        benchmark: Answers the evaluations.
        search: Strategy, seed and settings.
        space: What `search.space(benchmark)` returned, if many searches share it.
        surrogate: Answers for architectures that the table lacks, with `on_missing="surrogate"`.
        journal_path: File for the journal; None for none.
        on_trial: Called after each evaluation.
        explore: Runs the strategy.

    Raises:
        UserError: The search makes no sense, or its journal belongs to another search.
    """
    check_search(benchmark, search)
    space = search.space(benchmark) if space is None else space
    settings = replace(search.settings, seed=search.seed)
    journal = None
    if journal_path is not None:
        journal = Journal(journal_path, benchmark, space.parse)
    simulation = Simulation(benchmark, settings, surrogate, journal, on_trial)
    try:
        if journal is not None and journal.finished:
            simulation.replay(journal)
        else:
            explore(search, space, simulation)
            if journal is not None:
                journal.finish()
    finally:
        if journal is not None:
            journal.close()
    return SearchResult(
        search.strategy.name,
        search.seed,
        tuple(simulation.trials),
        simulation.exhausted,
        () if simulation.objectives is None else simulation.objectives.objectives,
    )
