"""NNI's engine and strategies with the benchmark evaluator, and its serialization."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import EPOCHS, synthetic_table
from search_spaces.registry import get_space

pytest.importorskip("nni")


def explore(
    make_strategy: Callable[[Any], Any], trials: int, **options: Any
) -> tuple[Simulation, Any]:
    """Run one of NNI's strategies on NNI's sequential engine."""
    import_nni_quietly()
    import nni.nas.strategy
    from nni.nas.execution import SequentialExecutionEngine

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace, SimulationEvaluator

    table = synthetic_table(60)
    simulation = Simulation(table, Settings(budget=Budget(1000)))
    evaluator = SimulationEvaluator(simulation, search_space(table, restrict=True), **options)
    engine = SequentialExecutionEngine(trials)
    make_strategy(nni.nas.strategy)(ChoiceSpace(evaluator), engine)
    return simulation, list(engine.list_models())


@pytest.mark.parametrize(
    "make_strategy",
    [
        lambda nni: nni.Random(seed=1),
        lambda nni: nni.GridSearch(seed=1),
        lambda nni: nni.RegularizedEvolution(population_size=5, sample_size=3, seed=1),
    ],
    ids=["random", "grid", "evolution"],
)
def test_nni_strategies(make_strategy: Callable[[Any], Any]) -> None:
    simulation, models = explore(make_strategy, 20)
    assert len(simulation.trials) == len(models) == 20
    assert [model.metric for model in models] == [trial.score for trial in simulation.trials]


def test_models_have_separate_samples() -> None:
    _, models = explore(lambda nni: nni.GridSearch(shuffle=False), 20)
    assert all(model.sample for model in models)
    assert len({tuple(model.sample.items()) for model in models}) == 20


def test_curves_are_reported_per_epoch() -> None:
    simulation, models = explore(lambda nni: nni.Random(seed=2), 5, report_curves=True)
    for trial, model in zip(simulation.trials, models, strict=True):
        curve = simulation.benchmark.curve(trial.architecture)
        assert len(model.metrics.intermediates) == len(curve.val_loss)
        if not trial.failed:
            assert model.metrics.intermediates[-1] == model.metric == -curve.val_loss[-1]


def test_partial_trainings(rng: Any) -> None:
    simulation, _ = explore(lambda nni: nni.Random(seed=2), 5, epochs=2)
    assert {trial.result.epoch for trial in simulation.trials} == {2}
    assert EPOCHS > 2


def test_evaluator_is_serializable(tmp_path: Path) -> None:
    import_nni_quietly()
    import nni

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import BenchmarkEvaluator

    synthetic_table(12).save(tmp_path / "table")
    evaluator = BenchmarkEvaluator(benchmark=str(tmp_path / "table"), on_missing="nearest", seed=3)
    text = nni.dump(evaluator)
    copy = nni.load(text)
    assert copy.simulation.settings == evaluator.simulation.settings
    assert (
        copy.simulation.benchmark.architectures() == evaluator.simulation.benchmark.architectures()
    )


def test_evaluator_validates_the_model_space() -> None:
    import_nni_quietly()
    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace, SimulationEvaluator

    cells = get_space("rnn_cell")
    evaluator = SimulationEvaluator(Simulation(synthetic_table(12), Settings()), cells)
    whole = cells.model_space()
    assert ChoiceSpace(whole, evaluator).simplify().keys() == whole.simplify().keys()
    with pytest.raises(ValueError, match="Expect space"):
        ChoiceSpace(cells.model_space(hidden_states=1), evaluator)
