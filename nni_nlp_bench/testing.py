"""Contracts for tests: what every strategy must keep, in this project and in others.

Subclass a contract in a pytest module and give it what it asks for.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.benchmarks.constrained import constrain
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.core.environment import environment
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search, search_space
from search_spaces.base import SearchSpace
from search_spaces.registry import get_space
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.validity import MAX_NODES

EPOCHS = 9
EPOCH_S = 100.0
T = TypeVar("T")


@cache
def synthetic_table(architectures: int = 120, seed: int = 0) -> Table:
    """A table of invented results for tests: three runs per cell, every tenth cell fails.

    The loss falls with the number of linear nodes, so that a search has something to find. The
    same arguments give the same object: nothing changes a table.
    """
    runs = synthetic_runs(architectures, seed)
    return Table.from_runs(runs, name="synthetic", space="rnn_cell", epochs=EPOCHS)


def synthetic_runs(architectures: int, seed: int = 0) -> list[TrainingRun]:
    """The training runs of `synthetic_table`."""
    space, rng = get_space("rnn_cell"), np.random.default_rng(seed)
    runs = []
    for i in range(architectures):
        architecture = space.sample(rng)
        linear = float(space.describe(architecture)["linear"])
        failed = i % 10 == 9
        length = 3 if failed else EPOCHS
        for k in range(3):
            fall = np.exp(-np.arange(1.0, length + 1) / 3)
            loss = 4.5 + 2.0 / (1.0 + linear) + fall + 0.01 * k
            if failed:
                loss[-1] = math.nan
            runs.append(
                TrainingRun(
                    architecture=architecture,
                    name=f"log_{i:04}_{k}",
                    train_loss=loss - 0.2,
                    val_loss=loss,
                    test_loss=loss + 0.1,
                    wall_time_s=np.full(length, EPOCH_S),
                    status="loss is nan!" if failed else OK,
                    recipe_id=i,
                )
            )
    return runs


@cache
def synthetic_space(architectures: int = 120) -> SearchSpace[Any]:
    """The space of recurrent cells restricted to those of the synthetic table."""
    return search_space(synthetic_table(architectures), restrict=True)


def in_another_process(function: Callable[..., T], *arguments: Any) -> T:
    """What a function of a module returns in an interpreter whose hash seed is another.

    One such interpreter, started for the first call, serves all.
    """
    return _another_process().submit(function, *arguments).result()


@cache
def _another_process() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
    with environment({"PYTHONHASHSEED": "12345"}):
        pool.submit(os.getpid).result()
    return pool


@dataclass
class BySize:
    """A synthetic surrogate: predicts from the number of nodes."""

    loss: NDArray[np.float64]
    std: NDArray[np.float64]
    seconds_per_epoch: NDArray[np.float64]
    divergence: NDArray[np.float64]
    metadata: ClassVar[dict[str, object]] = {}
    lowest_loss: ClassVar[float] = 5 - MAX_NODES / 100
    noise: ClassVar[None] = None

    @classmethod
    def predict(cls, recipes: Sequence[Recipe]) -> BySize:
        """Larger cells have a lower loss, and diverge more often than not from ten nodes on."""
        nodes = np.array([len(recipe.nodes) for recipe in recipes], dtype=np.float64)
        return cls(5 - nodes / 100, nodes / 1000, 2 * nodes, nodes / 20)


class StrategyContract:
    """What every strategy must keep; `strategy` is its registered name, or its class."""

    strategy: ClassVar[str | type[Strategy]]
    options: ClassVar[dict[str, Any]] = {}
    """Options of the strategy, by name."""
    objectives: ClassVar[tuple[str, ...]] = ()
    """Names of several objectives, for a strategy that optimises them."""
    evaluations: ClassVar[int] = 40
    at_once: ClassVar[int] = 3
    """How many of three workers it keeps busy: 1 where it waits for every score."""

    def search(self, seed: int = 0, workers: int = 1, budget: Budget | None = None) -> list[Trial]:
        """One search on the synthetic table."""
        return _trials(self.strategy, self.options, self._settings(workers, budget), seed)

    def _settings(self, workers: int = 1, budget: Budget | None = None) -> Settings:
        limits = budget or Budget(self.evaluations)
        return Settings(workers=workers, budget=limits, objectives=self.objectives)

    def test_spends_its_budget(self) -> None:
        """It neither stops early nor goes on."""
        assert len(self.search()) == self.evaluations

    def test_stays_on_the_table(self) -> None:
        """A restricted search asks for nothing that the table lacks."""
        table = synthetic_table()
        assert all(trial.architecture in table for trial in self.search())

    def test_same_seed_gives_the_same_search(self) -> None:
        """And another seed another one."""
        first, again, other = (_keys(self.search(seed)) for seed in (3, 3, 4))
        assert first == again
        assert first != other

    def test_same_search_in_another_process(self) -> None:
        """Python's hash seed makes no difference."""
        arguments = self.strategy, self.options, self._settings(), 5
        there = in_another_process(_keys_of_search, *arguments)
        assert there == _keys(self.search(5))

    def test_simulated_workers_are_never_oversubscribed(self) -> None:
        """At any time at most n trainings run, and as many as it can keep busy do run."""
        trials = self.search(workers=3)
        starts = [trial.start_s for trial in trials]
        running = [sum(t.start_s <= at < t.end_s for t in trials) for at in starts]
        assert max(running) == self.at_once

    def test_keeps_a_budget_of_hours(self) -> None:
        """No training begins after the end."""
        hours = 8 * EPOCHS * EPOCH_S / 3600
        trials = self.search(budget=Budget(hours=hours, evaluations=1000))
        assert max(trial.start_s for trial in trials) < hours * 3600 <= trials[-1].end_s

    def test_ends_only_with_its_budget_or_its_table(self) -> None:
        """On a table that is smaller than the budget, whatever the number of workers."""
        for workers in (1, 4):
            settings = self._settings(workers)
            trials = _trials(self.strategy, self.options, settings, architectures=5)
            distinct = {trial.architecture.canonical_key for trial in trials}
            assert len(trials) == self.evaluations or len(distinct) == 5

    def test_keeps_to_constraints(self) -> None:
        """A search held to a band of parameters evaluates nothing beyond, on a table or not."""
        table = constrain(synthetic_table(), "parameters<=9e6")
        settings = self._settings(budget=Budget(15))
        search = Search(StrategyConfig.of((self.strategy, self.options)), 0, settings)
        trials = run_search(table, search).trials
        assert max(table.parameters(trial.evaluated) for trial in trials) <= 9e6


def _trials(
    strategy: str | type[Strategy],
    options: dict[str, Any],
    settings: Settings,
    seed: int = 0,
    architectures: int = 120,
) -> list[Trial]:
    """The trials of a search on the synthetic table."""
    search = Search(StrategyConfig.of((strategy, options)), seed, settings, restrict=True)
    space = synthetic_space(architectures)
    return list(run_search(synthetic_table(architectures), search, space=space).trials)


def _keys_of_search(*arguments: Any) -> list[list[object]]:
    return _keys(_trials(*arguments))


def _keys(trials: list[Trial]) -> list[list[object]]:
    return [[trial.architecture.canonical_key, trial.result.epoch] for trial in trials]
