"""The NNI model space, with NNI's own formats, engine and strategies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import nni
import pytest
import torch
from nni.mutable import SampleValidationError
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.space import RawFormatModelSpace, SimplifiedModelSpace, model_context
from nni.nas.strategy import TPE, PolicyBasedRL, Random, RegularizedEvolution

from search_spaces.rnn_cell import Recipe, RecipeError
from search_spaces.rnn_cell.choices import CellChoices
from search_spaces.rnn_cell.model_space import RnnCellModelSpace
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.published import NAMED, named_recipe
from search_spaces.rnn_cell.space import RnnCellSpace


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """NNI logs every sample."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def space() -> RnnCellModelSpace:
    return RnnCellModelSpace(input_size=3, hidden_size=4)


def seen_by(space: Any, strategy: Any, trials: int, form: Any = RawFormatModelSpace) -> list[Any]:
    """What the evaluator got while the strategy ran: frozen modules."""
    models = []

    def evaluate(model: RecurrentCell) -> None:
        models.append(model)
        outputs, _ = model.unroll(torch.ones(2, 1, model.input_size))
        assert torch.isfinite(outputs).all()
        nni.report_final_result(float(len(model.recipe.nodes)))

    strategy(
        form.from_model(space, FunctionalEvaluator(evaluate)), SequentialExecutionEngine(trials)
    )
    return models


def test_the_door_of_the_space_opens() -> None:
    space = RnnCellSpace().model_space(hidden_states=2)
    assert (space.input_size, space.hidden_size) == (400, 600)
    assert "hidden_states" not in space.simplify()
    assert space.simplify().keys() == CellChoices(hidden_states=2).categoricals.keys()


@pytest.mark.parametrize("name", NAMED)
def test_a_frozen_space_is_the_cell(space: RnnCellModelSpace, name: str) -> None:
    recipe = named_recipe(name)
    sample = space.to_sample(recipe)
    cell = space.freeze(sample)
    assert cell.recipe == recipe
    assert space.export(cell) == space.export(sample) == space.from_sample(sample) == recipe
    outputs, _ = cell.unroll(torch.ones(5, 2, 3))
    assert outputs.shape == (5, 2, 4)


def test_a_fixed_context_builds_the_cell(space: RnnCellModelSpace) -> None:
    with model_context(space.to_sample(named_recipe("gru"))):
        cell: Any = RnnCellModelSpace(input_size=3, hidden_size=4)
    assert isinstance(cell, RecurrentCell)
    assert (cell.recipe, cell.input_size, cell.hidden_size) == (named_recipe("gru"), 3, 4)


def test_the_context_takes_the_arguments_of_the_space() -> None:
    space = RnnCellModelSpace(2, 15, 4, input_size=3, hidden_size=5)
    frozen = SimplifiedModelSpace.from_model(space).freeze(space.to_sample(named_recipe("lstm")))
    cell = frozen.executable_model()
    assert (cell.recipe, cell.input_size, cell.hidden_size) == (named_recipe("lstm"), 3, 5)


def test_bad_samples_are_answered_in_nnis_way(space: RnnCellModelSpace) -> None:
    sample = space.to_sample(named_recipe("lstm"))
    assert space.contains(sample)
    missing = {label: value for label, value in sample.items() if label != "nodes"}
    for bad in (missing, sample | {"node_0_op": "conv"}, sample | {"node_0_input_0": 99}):
        assert isinstance(space.check_contains(bad), SampleValidationError)
        with pytest.raises(SampleValidationError):
            space.freeze(bad)


def test_every_random_draw_is_a_cell(space: RnnCellModelSpace) -> None:
    assert all(isinstance(space.random(), RecurrentCell) for _ in range(50))
    assert isinstance(space.default(), RecurrentCell)


def test_a_narrow_space_refuses_a_cell() -> None:
    with pytest.raises(RecipeError, match="hidden_states"):
        RnnCellModelSpace(hidden_states=1).to_sample(named_recipe("lstm"))


def policy_rl() -> Any:
    one_update = {"batch_size": 64, "repeat": 1, "update_times": 1}
    return PolicyBasedRL(samples_per_update=2, update_kwargs=one_update)


STRATEGIES: dict[str, tuple[Callable[[], Any], int]] = {
    "random": (lambda: Random(seed=0), 5),
    "evolution": (lambda: RegularizedEvolution(population_size=4, sample_size=2, seed=0), 10),
    "tpe": (lambda: TPE(seed=0), 3),
    "policy_rl": (policy_rl, 2),
}


@pytest.mark.parametrize("form", [RawFormatModelSpace, SimplifiedModelSpace])
@pytest.mark.parametrize(
    "name", [n if n == "evolution" else pytest.param(n, marks=pytest.mark.slow) for n in STRATEGIES]
)
def test_nnis_strategies_search_the_space(name: str, form: Any) -> None:
    make, trials = STRATEGIES[name]
    space = RnnCellModelSpace(max_nodes=8, input_size=3, hidden_size=4)
    models = seen_by(space, make(), trials, form)
    assert len(models) == trials
    assert all(isinstance(space.export(model), Recipe) for model in models)
    assert len({model.recipe for model in models}) > 1
