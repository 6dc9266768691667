"""The search loop: ask, evaluate, tell, on the simulated clock of a benchmark."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

from nni_nlp_bench.evaluators.simulation import Simulation
from nni_nlp_bench.strategies.base import Proposal, Strategy


def run_loop(strategy: Strategy, simulation: Simulation) -> None:
    """Run the strategy until the simulation's budget is spent or the strategy stops.

    The number of parallel evaluations is that of the simulation's workers. The strategy receives
    scores in the order in which the simulated trainings end.
    """
    running: list[_Running] = []

    def finish_next() -> None:
        ended = heapq.heappop(running)
        simulation.wait_until(ended.end_s)
        strategy.tell(ended.proposal, ended.score)

    try:
        while simulation.budget_left:
            while len(running) >= simulation.settings.workers:
                finish_next()
            proposal = strategy.ask()
            if proposal is not None:
                trial = simulation.evaluate(proposal.architecture, proposal.epochs)
                end_s = trial.end_s if math.isfinite(trial.end_s) else math.inf
                heapq.heappush(running, _Running(end_s, trial.index, proposal, trial.score))
            elif running:
                finish_next()
            else:
                return
        while running:
            finish_next()
    finally:
        strategy.close()


@dataclass(frozen=True, order=True)
class _Running:
    end_s: float
    """End time; infinite without recorded times, so that evaluations end in order."""
    index: int
    proposal: Proposal = field(compare=False)
    score: float = field(compare=False)
