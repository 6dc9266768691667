"""Strategies of this package on NNI's engine, and their state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.frameworks.nni.strategies.to_nni import AskTellStrategy
from nni_nlp_bench.strategies.registry import make_strategy
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import EPOCHS, synthetic_table

pytest.importorskip("nni")

TABLE = synthetic_table(60)


def explore(strategy: Any, trials: int) -> list[str]:
    """Return the keys of the architectures evaluated on NNI's sequential engine."""
    from nni.nas.execution import SequentialExecutionEngine

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace, SimulationEvaluator

    simulation = Simulation(TABLE, Settings())
    space = ChoiceSpace(SimulationEvaluator(simulation, search_space(TABLE, restrict=True)))
    strategy(space, SequentialExecutionEngine(trials))
    return [trial.architecture.canonical_key for trial in simulation.trials]


def evolution(seed: int = 0) -> Any:
    import_nni_quietly()
    space = search_space(TABLE, restrict=True)
    options = {"population": 5, "tournament": 3}
    return AskTellStrategy(make_strategy("regularized_evolution", space, seed, EPOCHS, **options))


def test_strategy_resumes_from_its_state() -> None:
    whole = explore(evolution(), 30)
    first = evolution()
    before = explore(first, 12)
    second = evolution()
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert before + explore(second, 18) == whole


def test_proposals_without_score_are_evaluated_again() -> None:
    first = evolution()
    before = explore(first, 12)
    state = first.state_dict()
    state["history"] = state["history"][:-1]  # without the last score
    second = evolution()
    second.load_state_dict(state)
    assert explore(second, 3)[0] == before[-1]


def test_error_for_state_of_another_search_space() -> None:
    import_nni_quietly()
    space = search_space(synthetic_table(5), restrict=True)
    first = evolution()
    explore(first, 30)
    small = AskTellStrategy(make_strategy("grid", space, 0, EPOCHS))
    with pytest.raises(ValueError, match="ends earlier than in the saved state"):
        small.load_state_dict(first.state_dict())


def test_metric_may_follow_the_end_of_the_trial() -> None:
    """NNI's engine may swap the models of two trials."""
    from nni.nas.execution import SequentialExecutionEngine
    from nni.nas.execution.event import FinalMetricEvent, TrainingEndEvent
    from nni.nas.space import ModelStatus

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace, SimulationEvaluator

    class EndsFirst(SequentialExecutionEngine):
        def submit_models(self, *models: Any) -> None:
            for number, model in enumerate(models, self.model_count):
                self.dispatch_model_event(TrainingEndEvent(model, ModelStatus.Trained))
                if number != 2:  # never reports
                    self.dispatch_model_event(FinalMetricEvent(model, float(number)))
                self.model_count += 1

        model_count = 0

        def budget_available(self) -> bool:
            return self.model_count < 4

    strategy = evolution()
    evaluator = SimulationEvaluator(Simulation(TABLE, Settings()), search_space(TABLE, True))
    strategy(ChoiceSpace(evaluator), EndsFirst(4))
    history = strategy.state_dict()["history"]
    scores = {number: score for event, number, score in history if event == "tell"}
    assert scores == {0: 0, 1: 1, 2: None, 3: 3}
