"""NNI's sequential engine on the simulated clock of a benchmark, with n workers."""

from __future__ import annotations

import heapq

from nni.nas.execution import SequentialExecutionEngine
from nni.nas.execution.event import ModelEvent
from nni.nas.space import ExecutableModelSpace

from nni_nlp_bench.evaluators.simulation import Simulation


class SimulatedEngine(SequentialExecutionEngine):  # type: ignore[misc]
    """Answers at once, but lets the strategy know only when the simulated training ends.

    As many models run at a time as the simulation has workers; the budget is the simulation's.
    """

    def __init__(self, simulation: Simulation) -> None:
        super().__init__()
        self._simulation = simulation
        self._held: list[ModelEvent] | None = None
        self._running: list[tuple[float, int, list[ModelEvent]]] = []

    def submit_models(self, *models: ExecutableModelSpace) -> None:
        """Run each model now; its events wait for the end of its simulated training."""
        for model in models:
            self._held = []
            try:
                super().submit_models(model)
            finally:
                events, self._held = self._held, None
            trial = self._simulation.trials[-1]
            heapq.heappush(self._running, (trial.end_s, trial.index, events))

    def dispatch_model_event(self, event: ModelEvent) -> None:
        """Pass an event on, or hold it while its model runs."""
        if self._held is not None:
            self._held.append(event)
        else:
            super().dispatch_model_event(event)

    def idle_worker_available(self) -> bool:
        """True: where all workers are busy, time goes on until one is free."""
        while len(self._running) >= self._simulation.settings.workers:
            self._finish_next()
        return True

    def budget_available(self) -> bool:
        """Whether the budget of the simulation allows another training."""
        return self._simulation.budget_left

    def wait_models(self, *models: ExecutableModelSpace) -> None:
        """Let time go on until these models (all by default) have ended."""
        waiting = models or tuple(self.list_models())
        while self._running and not all(model.status.completed() for model in waiting):
            self._finish_next()

    def _finish_next(self) -> None:
        end_s, _, events = heapq.heappop(self._running)
        self._simulation.wait_until(end_s)
        for event in events:
            super().dispatch_model_event(event)
