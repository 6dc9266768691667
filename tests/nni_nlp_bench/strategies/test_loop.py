"""The search loop on a simulated clock: scores are told at the end of trainings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.base import MissingArchitectureError
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.journal import Journal
from nni_nlp_bench.evaluators.simulation import Query, Settings, Simulation
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.loop import run_loop, run_real_trainings
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


class Trainings:
    """Trainings that are started, and waited for later."""

    def __init__(self) -> None:
        self.running: list[tuple[Any, int | None]] = []
        self.most = 0

    def start(self, architecture: Any, epochs: int | None) -> Query:
        assert architecture.canonical_key not in {each.canonical_key for each, _ in self.running}
        self.running.append((architecture, epochs))
        self.most = max(self.most, len(self.running))

        def wait() -> Any:
            self.running.remove((architecture, epochs))
            return TABLE.query(architecture, epochs)

        return wait


@pytest.mark.parametrize("workers", [1, 3])
def test_real_trainings_are_told_in_the_order_of_the_proposals(rng: Any, workers: int) -> None:
    simulation = Simulation(TABLE, Settings(workers=workers, budget=Budget(20)))
    strategy, trainings = Recorder(SPACE, rng, TABLE.epochs), Trainings()
    run_real_trainings(strategy, simulation, trainings.start)
    trials = simulation.trials
    assert len(trials) == 20
    assert trainings.most == workers
    assert strategy.told == [
        (proposal, trial.score) for proposal, trial in zip(strategy.asked, trials, strict=True)
    ]
    for trial, before in zip(trials[workers:], trials, strict=False):
        assert trial.start_s >= before.end_s
    assert strategy.closed


class Repeats(Recorder):
    """Proposes every architecture twice."""

    def ask(self) -> Proposal | None:
        if len(self.asked) % 2:
            self.asked.append(replace(self.asked[-1], epochs=TABLE.epochs))
            return self.asked[-1]
        return super().ask()


def test_an_architecture_has_one_real_training_at_a_time(rng: Any) -> None:
    simulation = Simulation(TABLE, Settings(workers=4, budget=Budget(12)))
    trainings = Trainings()
    run_real_trainings(Repeats(SPACE, rng, TABLE.epochs), simulation, trainings.start)
    assert trainings.most > 1
    assert len(simulation.trials) == 12


def test_one_real_training_at_a_time_is_the_plain_loop(tmp_path: Path) -> None:
    def journal(name: str, run: Callable[[Strategy, Simulation], None]) -> bytes:
        path = tmp_path / name
        log = Journal(path, TABLE, SPACE.parse)
        settings = Settings(budget=Budget(hours=2.0))
        config, rng = StrategyConfig.of("asha"), np.random.default_rng(0)
        run(config.make(SPACE, rng, EPOCHS, None), Simulation(TABLE, settings, journal=log))
        log.finish()
        return path.read_bytes()

    def run_real(strategy: Strategy, simulation: Simulation) -> None:
        run_real_trainings(strategy, simulation, Trainings().start)

    assert journal("real.jsonl", run_real) == journal("plain.jsonl", run_loop)


def test_real_trainings_go_on_from_their_journal(tmp_path: Path) -> None:
    """What is logged is not trained again, and the rest is as without the interruption."""
    path = tmp_path / "a.jsonl"

    def run() -> int:
        log = Journal(path, TABLE, SPACE.parse)
        started = 0

        def start(architecture: Any, epochs: int | None) -> Query:
            nonlocal started
            started += 1
            return lambda: TABLE.query(architecture, epochs)

        simulation = Simulation(TABLE, Settings(workers=3, budget=Budget(12)), journal=log)
        strategy = StrategyConfig.of("asha").make(SPACE, np.random.default_rng(0), EPOCHS, None)
        run_real_trainings(strategy, simulation, start)
        log.finish()
        return started

    assert run() == 12
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:6]))
    assert run() == 12 - 5
    assert path.read_bytes() == whole
