"""The search loop: ask, evaluate, tell, on the simulated clock of a benchmark."""

from __future__ import annotations

import heapq
import math

from nni_nlp_bench.evaluators.simulation import Simulation
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.base import Proposal, Strategy


def run_loop(strategy: Strategy, simulation: Simulation) -> None:
    """Run the strategy until the simulation's budget is spent or the strategy stops.

    The number of parallel evaluations is that of the simulation's workers. The strategy receives
    scores, or the losses of several objectives, in the order in which the simulated trainings end.
    """
    running: list[tuple[float, int, Proposal, Trial]] = []
    """End, index, proposal and trial; without recorded times evaluations end in order."""
    objectives = simulation.objectives

    def finish_next() -> None:
        end_s, _, proposal, trial = heapq.heappop(running)
        simulation.wait_until(end_s)
        if objectives is None:
            strategy.tell(proposal, trial.score)
        else:
            losses = None if trial.values is None else objectives.losses(trial.values)
            strategy.tell_losses(proposal, losses)

    try:
        while simulation.budget_left:
            while len(running) >= simulation.settings.workers:
                finish_next()
            proposal = strategy.ask()
            if proposal is not None:
                trial = simulation.evaluate(proposal.architecture, proposal.epochs)
                end_s = trial.end_s if math.isfinite(trial.end_s) else math.inf
                heapq.heappush(running, (end_s, trial.index, proposal, trial))
            elif running:
                finish_next()
            else:
                return
        while running:
            finish_next()
    finally:
        strategy.close()
