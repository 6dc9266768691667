"""Run one search: a strategy on a simulated benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError
from nni_nlp_bench.evaluators.journal import Journal
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.evaluators.training_free import Preference
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.loop import run_loop
from nni_nlp_bench.strategies.registry import (
    UnavailableError,
    check_available,
    make_searcher,
    needs_curves,
)
from search_spaces.base import SearchSpace, get_space
from search_spaces.errors import UserError
from search_spaces.preferred import PreferredSpace
from search_spaces.restricted import RestrictedSpace


@dataclass(frozen=True)
class Search:
    """One search: what `run_search` needs beside the benchmark."""

    strategy: str
    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    restrict: bool = False
    """Whether every move stays on architectures that the benchmark holds."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options of the strategy, by name."""
    method: str | None = None
    """Name in files and reports; the strategy's own by default."""

    @property
    def name(self) -> str:
        """Name in files and reports."""
        return self.method or self.strategy


Explore = Callable[[Search, SearchSpace[Any], Simulation], None]
"""Runs the strategy of a search over a space, with every evaluation by the simulation."""


def search_space(
    benchmark: Benchmark, restrict: bool, warm_start: str | None = None
) -> SearchSpace[Any]:
    """The space of a benchmark, restricted to its table if asked.

    With the name of a training-free score for `warm_start`, random architectures are the best of
    ten by it. Raises BenchmarkError, UnknownNameError.
    """
    space = get_space(benchmark.space)
    if restrict:
        held = benchmark.architectures()
        if held is None:
            raise BenchmarkError(
                f"{benchmark.name} answers for any architecture: nothing to restrict"
            )
        space = RestrictedSpace(space, held)
    if warm_start is None:
        return space
    return PreferredSpace(space, Preference(warm_start, space=benchmark.space))


def check_search(benchmark: Benchmark, search: Search) -> None:
    """Raise UserError for a search that makes no sense.

    Raises UnavailableError for a strategy that cannot run here, or not on this benchmark, and
    UnknownNameError.
    """
    check_available(search.strategy)
    if needs_curves(search.strategy, search.options) and not benchmark.has_curves:
        raise UnavailableError(
            search.name,
            f"{benchmark.name} holds no learning curves to tell of a shorter training; "
            "a table with curves does",
        )
    if search.strategy == "grid" and not search.restrict:
        raise UserError("strategy 'grid' walks over a table: restrict the search to it")


def explore(search: Search, space: SearchSpace[Any], simulation: Simulation) -> None:
    """Run the strategy until the simulation's budget is spent."""
    epochs = simulation.benchmark.epochs
    searcher = make_searcher(search.strategy, space, search.seed, epochs, **search.options)
    run_loop(searcher, simulation)


def run_search(
    benchmark: Benchmark,
    space: SearchSpace[Any],
    search: Search,
    surrogate: Benchmark | None = None,
    journal_path: Path | None = None,
    on_trial: Callable[[Trial], None] | None = None,
    explore: Explore = explore,
) -> list[Trial]:
    """The trials of one search, in order. A journal lets it go on where it was interrupted."""
    check_search(benchmark, search)
    settings = replace(search.settings, seed=search.seed)
    journal = None if journal_path is None else Journal(journal_path, space.parse)
    simulation = Simulation(benchmark, settings, surrogate, journal, on_trial)
    if journal is not None and journal.finished:
        return simulation.replay(journal)
    try:
        explore(search, space, simulation)
        if journal is not None:
            journal.finish()
    finally:
        if journal is not None:
            journal.close()
    return simulation.trials
