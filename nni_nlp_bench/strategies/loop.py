"""The search loop: ask, evaluate, tell, on the simulated clock of a benchmark."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from typing import Any

from nni_nlp_bench.evaluators.simulation import Query, Simulation
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.base import Proposal, Strategy


def run_loop(strategy: Strategy, simulation: Simulation) -> None:
    """Run the strategy until the simulation's budget is spent or the strategy stops.

    The number of parallel evaluations is that of the simulation's workers. The strategy receives
    scores, or the losses of several objectives, in the order in which the simulated trainings end.
    """
    running: list[tuple[float, int, Proposal, Trial]] = []
    """End, index, proposal and trial; without recorded times evaluations end in order."""

    def finish_next() -> None:
        end_s, _, proposal, trial = heapq.heappop(running)
        simulation.wait_until(end_s)
        _tell(strategy, simulation, proposal, trial)

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


def run_real_trainings(
    strategy: Strategy, simulation: Simulation, start: Callable[[Any, int | None], Query]
) -> None:
    """Run the strategy with trainings that really run at the same time.

    As many run as the simulation has workers. The strategy receives scores in the order of its
    proposals, each proposal as soon as the oldest running training has ended, so that what it
    proposes does not depend on which training ends first. An architecture is trained by one worker
    at a time.

    Args:
        strategy: Proposes architectures.
        simulation: Records the trials; its clock is that of the workers.
        start: Starts a training of that many epochs in total, and returns how to wait for it.
    """
    running: deque[tuple[Proposal, Query | None, float]] = deque()
    now_s = 0.0

    def finish_oldest() -> None:
        nonlocal now_s
        proposal, query, asked_s = running.popleft()
        simulation.wait_until(asked_s)
        trial = simulation.evaluate(proposal.architecture, proposal.epochs, query)
        now_s = max(now_s, trial.end_s)
        _tell(strategy, simulation, proposal, trial)

    def is_running(key: str) -> bool:
        return any(each.architecture.canonical_key == key for each, _, _ in running)

    try:
        while True:
            while len(running) >= simulation.settings.workers:
                finish_oldest()
            if not simulation.may_start(len(running), now_s):
                break
            proposal = strategy.ask()
            if proposal is None and not running:
                return
            if proposal is None:
                finish_oldest()
                continue
            while is_running(proposal.architecture.canonical_key):
                finish_oldest()
            logged = simulation.is_logged(len(simulation.trials) + len(running))
            query = None if logged else start(proposal.architecture, proposal.epochs)
            running.append((proposal, query, now_s))
        while running:
            finish_oldest()
    finally:
        strategy.close()


def _tell(strategy: Strategy, simulation: Simulation, proposal: Proposal, trial: Trial) -> None:
    """Tell the score of a trial, or its losses by several objectives."""
    objectives = simulation.objectives
    if objectives is None:
        strategy.tell(proposal, trial.score)
    else:
        losses = None if trial.values is None else objectives.losses(trial.values)
        strategy.tell_losses(proposal, losses)
