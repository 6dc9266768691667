"""Adapter that runs a strategy of this package as an NNI strategy, on any execution engine."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from nni.nas.execution import ExecutionEngine
from nni.nas.execution.event import FinalMetricEvent, ModelEventType, TrainingEndEvent
from nni.nas.space import ExecutableModelSpace, ModelStatus
from nni.nas.strategy.base import Strategy as NniStrategy

from nni_nlp_bench.strategies.base import Proposal, Strategy


class AskTellStrategy(NniStrategy):  # type: ignore[misc]
    """NNI strategy that runs a strategy of this package.

    Multi-fidelity strategies need an evaluator with the method `with_epochs(epochs)`.

    Args:
        strategy: Strategy of this package.

    Example:
        >>> strategy = make_strategy("tpe", get_space("rnn_cell"), seed=0, epochs=50)
        >>> evaluator = BenchmarkEvaluator()
        >>> NasExperiment(ChoiceSpace(evaluator), evaluator, AskTellStrategy(strategy)).run()
    """

    def __init__(self, strategy: Strategy) -> None:
        super().__init__()
        self.strategy = strategy
        self._choices = strategy.space.choices()
        self._trials: dict[int, _Trial] = {}
        self._history: list[tuple[str, int, float | None]] = []
        """Calls of `ask` and `tell` in order, with the number of the proposal and its score."""
        self._numbers: dict[Proposal, int] = {}
        self._requeued: deque[Proposal] = deque()
        """Proposals of an interrupted experiment without a result."""
        self._lock = threading.Lock()  # an engine may report from another thread

    def extra_repr(self) -> str:
        """Return the class name of the strategy."""
        return type(self.strategy).__name__

    def state_dict(self) -> dict[str, Any]:
        """Return the history of `ask` and `tell`, which NNI stores with an experiment."""
        with self._lock:
            return {"history": list(self._history)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Replay a history; proposals without a result are evaluated again."""
        waiting: dict[int, Proposal] = {}
        for event, number, score in state_dict["history"]:
            if event == "ask":
                proposal = self._ask()
                if proposal is None:
                    raise ValueError(
                        "the strategy ends earlier than in the saved state: use the same options"
                    )
                waiting[number] = proposal
            else:
                self._tell(waiting.pop(number), score)
        self._requeued.extend(waiting.values())

    def _initialize(
        self, model_space: ExecutableModelSpace, engine: ExecutionEngine
    ) -> ExecutableModelSpace:
        engine.register_model_event_callback(ModelEventType.FinalMetric, self._on_metric)
        engine.register_model_event_callback(ModelEventType.TrainingEnd, self._on_end)
        return model_space

    def _cleanup(self) -> None:
        self.engine.unregister_model_event_callback(ModelEventType.FinalMetric, self._on_metric)
        self.engine.unregister_model_event_callback(ModelEventType.TrainingEnd, self._on_end)

    def _run(self) -> None:
        while self.wait_for_resource():
            with self._lock:
                proposal = self._requeued.popleft() if self._requeued else self._ask()
                training = [trial.model for trial in self._trials.values() if not trial.ended]
            if proposal is not None:
                self._submit(proposal)
            elif training:
                self.engine.wait_models(training[0])
            elif self._trials:
                self._fail_without_metric()
            else:
                return
        self.engine.wait_models(*(trial.model for trial in list(self._trials.values())))
        self._fail_without_metric()

    def _ask(self) -> Proposal | None:
        proposal = self.strategy.ask()
        if proposal is not None:
            self._numbers[proposal] = len(self._numbers)
            self._history.append(("ask", self._numbers[proposal], None))
        return proposal

    def _tell(self, proposal: Proposal, score: float | None) -> None:
        self._history.append(("tell", self._numbers[proposal], score))
        self.strategy.tell(proposal, score)

    def _submit(self, proposal: Proposal) -> None:
        model = self.model_space.freeze(self._choices.to_sample(proposal.architecture))
        if proposal.epochs is not None:
            model.evaluator = model.evaluator.with_epochs(proposal.epochs)
        with self._lock:
            self._trials[id(model)] = _Trial(model, proposal)
        self.engine.submit_models(model)

    def _on_metric(self, event: FinalMetricEvent) -> None:
        with self._lock:
            trial = self._trials.get(id(event.model))
            if trial is not None and trial.ended:
                self._finish(trial, _score(event.metric))

    def _on_end(self, event: TrainingEndEvent) -> None:
        with self._lock:
            trial = self._trials.get(id(event.model))
            if trial is None:
                return
            if event.status != ModelStatus.Trained:
                self._finish(trial, None)
            elif event.model.metric is not None:
                self._finish(trial, _score(event.model.metric))
            else:
                # NNI may swap the models of trials that start simultaneously: the metric then
                # comes from the other trial, which may take longer.
                trial.ended = True

    def _fail_without_metric(self) -> None:
        """Mark trials that ended without a metric as failed."""
        with self._lock:
            for trial in [trial for trial in self._trials.values() if trial.ended]:
                self._finish(trial, None)

    def _finish(self, trial: _Trial, score: float | None) -> None:
        del self._trials[id(trial.model)]
        self._tell(trial.proposal, score)


@dataclass
class _Trial:
    model: ExecutableModelSpace
    proposal: Proposal
    ended: bool = False
    """Whether its process has ended; the metric may follow."""


def _score(metric: Any) -> Any:
    return metric["default"] if isinstance(metric, dict) else metric
