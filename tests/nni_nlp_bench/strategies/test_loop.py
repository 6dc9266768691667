"""The search loop on a simulated clock: scores are told at the end of trainings."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.benchmarks.base import MissingArchitectureError
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.journal import Journal
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.loop import run_loop
from nni_nlp_bench.strategies.search import Search, run_search, search_space
from nni_nlp_bench.testing import EPOCHS, synthetic_runs, synthetic_table

TABLE = synthetic_table(60)
SPACE = search_space(TABLE, restrict=True)


class Patient(Strategy):
    """Proposes two at a time, and nothing before it knows the scores of both."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.due = 0
        self.left = 0

    def ask(self) -> Proposal | None:
        if not self.due:
            self.left = 2
        if not self.left:
            return None
        self.left -= 1
        self.due += 1
        return Proposal(self.space.sample(self.rng))

    def tell(self, proposal: Proposal, score: float | None) -> None:
        self.due -= 1


def search(rng: Any, journal: Path) -> Simulation:
    settings = Settings(workers=5, budget=Budget(12))
    simulation = Simulation(TABLE, settings, journal=Journal(journal, TABLE, SPACE.parse))
    run_loop(Patient(SPACE, rng, TABLE.epochs), simulation)
    return simulation


def test_what_waits_for_scores_begins_after_them(rng: Any, tmp_path: Path) -> None:
    trials = search(rng, tmp_path / "a.jsonl").trials
    pairs = list(zip(trials[::2], trials[1::2], strict=True))
    for pair, after in pairwise(pairs):
        assert min(trial.start_s for trial in after) >= max(trial.end_s for trial in pair)


def test_a_replay_has_the_same_times(rng: Any, tmp_path: Path) -> None:
    first = search(rng, tmp_path / "a.jsonl").trials
    again = Simulation(TABLE, Settings(workers=5, budget=Budget(12)))
    again.replay(Journal(tmp_path / "a.jsonl", TABLE, SPACE.parse))
    assert [(t.start_s, t.end_s) for t in again.trials] == [(t.start_s, t.end_s) for t in first]


class Recorder(Strategy):
    """Proposes random architectures, `limit` at most, and records what it is told."""

    def __init__(self, *args: Any, limit: int = 1000) -> None:
        super().__init__(*args)
        self.limit = limit
        self.asked: list[Proposal] = []
        self.told: list[tuple[Proposal, float | None]] = []
        self.closed = False

    def ask(self) -> Proposal | None:
        if len(self.asked) == self.limit:
            return None
        self.asked.append(Proposal(self.space.sample(self.rng), epochs=1 + len(self.asked) % 3))
        return self.asked[-1]

    def tell(self, proposal: Proposal, score: float | None) -> None:
        self.told.append((proposal, score))

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("workers", [1, 4])
def test_every_proposal_gets_its_score_at_the_end_of_its_training(rng: Any, workers: int) -> None:
    simulation = Simulation(TABLE, Settings(workers=workers, budget=Budget(20)))
    strategy = Recorder(SPACE, rng, TABLE.epochs)
    run_loop(strategy, simulation)
    trials = simulation.trials
    assert [t.architecture for t in trials] == [p.architecture for p in strategy.asked]
    by_end = sorted(trials, key=lambda trial: (trial.end_s, trial.index))
    expected = [(strategy.asked[trial.index], trial.score) for trial in by_end]
    assert strategy.told == expected
    assert strategy.closed


def test_a_strategy_that_stops_early_gets_all_scores(rng: Any) -> None:
    simulation = Simulation(TABLE, Settings(workers=4, budget=Budget(20)))
    strategy = Recorder(SPACE, rng, TABLE.epochs, limit=6)
    run_loop(strategy, simulation)
    assert len(strategy.told) == len(simulation.trials) == 6


def test_without_recorded_times_evaluations_end_in_their_order(rng: Any) -> None:
    runs = [replace(run, wall_time_s=run.wall_time_s * math.nan) for run in synthetic_runs(60)]
    table = Table.from_runs(runs, name="untimed", space="rnn_cell", epochs=EPOCHS)
    simulation = Simulation(table, Settings(workers=3, budget=Budget(12)))
    strategy = Recorder(SPACE, rng, table.epochs)
    run_loop(strategy, simulation)
    assert [proposal for proposal, _ in strategy.told] == strategy.asked


def test_a_searcher_is_closed_when_an_evaluation_fails(rng: Any) -> None:
    strategy = Recorder(SPACE, rng, TABLE.epochs)
    simulation = Simulation(synthetic_table(5, seed=1), Settings())
    with pytest.raises(MissingArchitectureError):
        run_loop(strategy, simulation)
    assert strategy.closed


def test_the_seed_of_a_search_selects_its_runs() -> None:
    settings = Settings(run_selection="random", budget=Budget(10))
    told = []
    for seed in (0, 1, 0):
        search = Search(StrategyConfig.of("grid"), seed, settings)
        trials = run_search(TABLE, search, space=SPACE).trials
        told.append({trial.architecture: trial.result.seed for trial in trials})
    assert told[0] == told[2]
    assert set(told[0].values()) == {0, 1, 2}
    for cell, run in told[1].items():
        drawn = Simulation(TABLE, replace(settings, seed=1)).evaluate(cell)
        assert drawn.result.seed == run
