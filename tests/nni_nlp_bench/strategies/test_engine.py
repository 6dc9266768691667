"""The engine on a simulated clock: nobody acts on what he cannot know yet."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.journal import Journal
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.strategies.quiet import load_nni
from nni_nlp_bench.strategies.run import search_space
from nni_nlp_bench.strategies.searcher import Proposal, Searcher
from nni_nlp_bench.testing import made_up_table

TABLE = made_up_table(60)
SPACE = search_space(TABLE, restrict=True)


class Patient(Searcher):
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
    load_nni()
    from nni_nlp_bench.evaluators.benchmark import ChoiceSpace, SimulationEvaluator
    from nni_nlp_bench.strategies.engine import SimulatedEngine
    from nni_nlp_bench.strategies.nni_strategy import SearcherStrategy

    settings = Settings(workers=5, budget=Budget(12))
    simulation = Simulation(TABLE, settings, journal=Journal(journal, SPACE.parse))
    strategy = SearcherStrategy(Patient(SPACE, rng, TABLE.epochs))
    strategy(ChoiceSpace(SimulationEvaluator(simulation, SPACE)), SimulatedEngine(simulation))
    return simulation


def test_what_waits_for_scores_begins_after_them(rng: Any, tmp_path: Path) -> None:
    trials = search(rng, tmp_path / "a.jsonl").trials
    pairs = list(zip(trials[::2], trials[1::2], strict=True))
    for pair, after in pairwise(pairs):
        assert min(trial.start_s for trial in after) >= max(trial.end_s for trial in pair)


def test_a_replay_has_the_same_times(rng: Any, tmp_path: Path) -> None:
    first = search(rng, tmp_path / "a.jsonl").trials
    again = Simulation(TABLE, Settings(workers=5, budget=Budget(12)))
    again.replay(Journal(tmp_path / "a.jsonl", SPACE.parse))
    assert [(t.start_s, t.end_s) for t in again.trials] == [(t.start_s, t.end_s) for t in first]
