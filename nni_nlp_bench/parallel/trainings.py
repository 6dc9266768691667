"""Searches whose trainings run at the same time."""

from __future__ import annotations

from functools import partial
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark, Result
from nni_nlp_bench.evaluators.simulation import Simulation
from nni_nlp_bench.parallel.execution import Execution
from nni_nlp_bench.strategies.loop import run_real_trainings
from nni_nlp_bench.strategies.search import Explore, Search, strategy_of
from search_spaces.base import SearchSpace


def explorer(execution: Execution, benchmark: Benchmark) -> Explore:
    """Return the `explore` of a search by an execution; see `run_search`.

    As many trainings run at the same time as the simulation of the search has workers, and the
    trials are the same wherever they run, but for the measured times.

    Args:
        execution: Where trainings run.
        benchmark: Trains when it is queried; on a cluster with a folder for checkpoints that the
            workers share.
    """

    def explore(search: Search, space: SearchSpace[Any], simulation: Simulation) -> None:
        start = partial(execution.start, query, execution.share(benchmark))
        run_real_trainings(strategy_of(search, space, simulation), simulation, start)

    return explore


def query(benchmark: Benchmark, architecture: Any, epochs: int | None) -> Result:
    """Return the result of an architecture."""
    return benchmark.query(architecture, epochs)
