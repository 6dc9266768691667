"""An NNI strategy to ask and tell: it runs in a thread that takes turns with the caller."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Semaphore, Thread
from typing import Any

from nni.nas.execution import ExecutionEngine
from nni.nas.execution.event import FinalMetricEvent, TrainingEndEvent
from nni.nas.space import ExecutableModelSpace, ModelStatus
from nni.nas.strategy.base import Strategy

from nni_nlp_bench.evaluators.benchmark import ChoicesEvaluator, ChoiceSpace
from nni_nlp_bench.strategies.searcher import Proposal, Searcher
from search_spaces.errors import ArchitectureError


class HostedStrategy(Searcher):
    """Asks an NNI strategy for its next model and tells it the metric.

    A sample that is no architecture of the space fails at once. An error in the strategy is raised
    by the `ask` that meets it.
    """

    def __init__(self, *args: Any, strategy: Strategy) -> None:
        super().__init__(*args)
        self._choices = self.space.choices()
        self._engine = _TurnsEngine()
        self._models: dict[Proposal, ExecutableModelSpace] = {}
        space = ChoiceSpace(ChoicesEvaluator(self._choices))
        self._thread = Thread(target=self._engine.host, args=(strategy, space), daemon=True)

    def ask(self) -> Proposal | None:
        """The architecture of the strategy's next model; None while it waits, or after its end."""
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
        """The metric of the model; without one it has failed."""
        self._engine.end(self._models.pop(proposal), score)

    def _next_model(self) -> ExecutableModelSpace | None:
        if self._thread.ident is None:
            self._thread.start()
        return self._engine.next_model()


class _TurnsEngine(ExecutionEngine):  # type: ignore[misc]
    """Takes models in, one a turn. A turn of the strategy ends when it submits, waits or ends."""

    def __init__(self) -> None:
        super().__init__()
        self._submitted: deque[ExecutableModelSpace] = deque()
        self._history: list[ExecutableModelSpace] = []
        self._strategys_turn, self._callers_turn = Semaphore(0), Semaphore(0)
        self._ended = False
        self._error: Exception | None = None

    def host(self, strategy: Strategy, space: ChoiceSpace) -> None:
        """Run the strategy to its end, in turns."""
        self._strategys_turn.acquire()
        try:
            strategy(space, self)
        except Exception as error:  # raised where the caller asks
            self._error = error
        self._ended = True
        self._callers_turn.release()

    def next_model(self) -> ExecutableModelSpace | None:
        """Let the strategy run until it submits a model; None if it waits or has ended."""
        if not self._submitted and not self._ended:
            self._strategys_turn.release()
            self._callers_turn.acquire()
        if self._error is not None:
            raise self._error
        return self._submitted.popleft() if self._submitted else None

    def end(self, model: ExecutableModelSpace, metric: float | None) -> None:
        """The end of a model's training, with its metric if it succeeded."""
        if metric is not None:
            self.dispatch_model_event(FinalMetricEvent(model, metric))
        status = ModelStatus.Failed if metric is None else ModelStatus.Trained
        self.dispatch_model_event(TrainingEndEvent(model, status))

    def submit_models(self, *models: ExecutableModelSpace) -> None:
        """Take models in: the strategy goes on in its next turn."""
        for model in models:
            model.status = ModelStatus.Training
            self._submitted.append(model)
            self._history.append(model)
        self._pass()

    def wait_models(self, *models: ExecutableModelSpace) -> None:
        """Pass turn after turn until these models (all by default) have ended."""
        waiting = models or tuple(self._history)
        while not all(model.status.completed() for model in waiting):
            self._pass()

    def list_models(self, status: ModelStatus | None = None) -> Iterable[ExecutableModelSpace]:
        """The models so far, of one status if given."""
        return [model for model in self._history if status in (None, model.status)]

    def idle_worker_available(self) -> bool:
        """True: a turn is a request for a model."""
        return True

    def budget_available(self) -> bool:
        """True: the caller has the budget."""
        return True

    def _pass(self) -> None:
        self._callers_turn.release()
        self._strategys_turn.acquire()
