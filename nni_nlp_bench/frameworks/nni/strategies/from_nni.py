"""Adapter that runs an NNI strategy through the ask-and-tell interface, as a coroutine thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from nni.nas.execution import ExecutionEngine
from nni.nas.execution.event import FinalMetricEvent, TrainingEndEvent
from nni.nas.space import ExecutableModelSpace, ModelStatus
from nni.nas.strategy.base import Strategy as NniStrategy

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoicesEvaluator, ChoiceSpace
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.thread_coroutine import ThreadCoroutine
from search_spaces.base import SearchSpace


class NNIStrategyAdapter(Strategy):
    """Strategy that runs an NNI strategy.

    Samples that are not architectures of the space are reported as failed. An error in the NNI
    strategy is raised by the next `ask`.

    Args:
        space: Search space.
        rng: Source of randomness.
        epochs: Epochs of a full training.
        strategy: Strategy of `nni.nas.strategy`, or of the same interface.

    Example:
        >>> adapter = NNIStrategyAdapter(space, rng, 50, nni.nas.strategy.RegularizedEvolution())
        >>> proposal = adapter.ask()
        >>> adapter.tell(proposal, score=-4.5)
    """

    def __init__(
        self,
        space: SearchSpace[Any],
        rng: np.random.Generator,
        epochs: int,
        strategy: NniStrategy,
    ) -> None:
        super().__init__(space, rng, epochs)
        self._choices = self.space.choices()
        self._models: dict[Proposal, ExecutableModelSpace] = {}
        space = ChoiceSpace(ChoicesEvaluator(self._choices))
        seed = int(self.rng.integers(2**31))
        self._coroutine = ThreadCoroutine(lambda: strategy(space, self._engine), seed)
        self._engine = _SuspendingEngine(self._coroutine.suspend)

    def ask(self) -> Proposal | None:
        """Return the next model as a proposal; None while the strategy waits, or after its end."""
        while (model := self._next_model()) is not None:
            try:
                proposal = Proposal(self._choices.from_sample(model.sample))
            except ArchitectureError:
                self._engine.end(model, None)
                continue
            self._models[proposal] = model
            return proposal
        return None

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the metric of the model to NNI; None if its evaluation failed."""
        self._engine.end(self._models.pop(proposal), score)

    def close(self) -> None:
        """End the strategy's thread."""
        self._coroutine.close()

    def _next_model(self) -> ExecutableModelSpace | None:
        """Run the strategy until it submits a model; return None if it waits or has ended."""
        if not self._engine.submitted:
            self._coroutine.resume()
        return self._engine.submitted.popleft() if self._engine.submitted else None


class _SuspendingEngine(ExecutionEngine):  # type: ignore[misc]
    """Execution engine that suspends the strategy when it submits models or waits for them."""

    def __init__(self, suspend: Callable[[], None]) -> None:
        super().__init__()
        self.submitted: deque[ExecutableModelSpace] = deque()
        self._history: list[ExecutableModelSpace] = []
        self._suspend = suspend

    def end(self, model: ExecutableModelSpace, metric: float | None) -> None:
        """Signal the end of a training, with its metric if it succeeded."""
        if metric is not None:
            self.dispatch_model_event(FinalMetricEvent(model, metric))
        status = ModelStatus.Failed if metric is None else ModelStatus.Trained
        self.dispatch_model_event(TrainingEndEvent(model, status))

    def submit_models(self, *models: ExecutableModelSpace) -> None:
        """Queue the models for `ask`."""
        for model in models:
            model.status = ModelStatus.Training
            self.submitted.append(model)
            self._history.append(model)
        self._suspend()

    def wait_models(self, *models: ExecutableModelSpace) -> None:
        """Suspend until the given models, by default all, have ended."""
        waiting = models or tuple(self._history)
        while not all(model.status.completed() for model in waiting):
            self._suspend()

    def list_models(self, status: ModelStatus | None = None) -> Iterable[ExecutableModelSpace]:
        """Return all models, or those of a status."""
        return [model for model in self._history if status in (None, model.status)]

    def idle_worker_available(self) -> bool:
        """Return True: the strategy only runs when a model is requested."""
        return True

    def budget_available(self) -> bool:
        """Return True: the caller manages the budget."""
        return True
