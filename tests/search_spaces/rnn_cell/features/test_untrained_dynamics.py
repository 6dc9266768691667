"""Behaviour, structure and growth: the same for equal cells anywhere, finite, and meaningful."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.arithmetic import LARGEST, Arithmetic, FixedPoint, SinglePrecision
from search_spaces.rnn_cell.features.asymptotics import growth
from search_spaces.rnn_cell.features.graph import structure
from search_spaces.rnn_cell.features.untrained_dynamics import (
    DETAILED,
    RECALLED_STEPS,
    SINGLE_PRECISION,
    behaviour,
)
from search_spaces.rnn_cell.linear_products import Drive, Weights
from search_spaces.rnn_cell.published import named_recipe
from search_spaces.rnn_cell.simulation import Kick, simulate
from search_spaces.rnn_cell.space import RnnCellSpace
from search_spaces.testing import architectures

cells = architectures(RnnCellSpace())

SQUARING = Recipe.from_json(
    {
        "node_0": {"op": "linear", "input": ["x", "h_prev_0"]},
        "node_1": {"op": "elementwise_prod", "input": ["node_0", "h_prev_0"]},
        "node_2": {"op": "elementwise_prod", "input": ["node_1", "node_1", "node_1"]},
        "h_new_0": {"op": "elementwise_sum", "input": ["node_2", "node_0"]},
    }
)
"""Multiplies its state by itself: leaves every number format within a few steps."""
FORGETFUL = Recipe.from_json(
    {
        "node_0": {"op": "linear", "input": ["h_prev_0"]},
        "node_1": {"op": "activation_tanh", "input": ["node_0"]},
        "node_2": {"op": "elementwise_prod", "input": ["node_1"] * 9},
        "node_3": {"op": "linear", "input": ["x"]},
        "h_new_0": {"op": "elementwise_sum", "input": ["node_2", "node_3"]},
    }
)


def all_features(recipe: Recipe) -> dict[str, float]:
    return structure(recipe) | growth(recipe) | behaviour(recipe)


def renamed(recipe: Recipe) -> Recipe:
    """Other names for the inner nodes; nodes, and inputs where it is allowed, in reverse."""
    names = {node.name: node.name for node in recipe.nodes}
    for i, name in enumerate(reversed(names)):
        if not name.startswith("h_new_"):
            names[name] = f"other_{i}"
    nodes = {
        names[node.name]: {
            "op": node.op,
            "input": [names.get(i, i) for i in node.inputs[:: 1 if node.op == "blend" else -1]],
        }
        for node in reversed(recipe.nodes)
    }
    return Recipe.from_json(nodes)


@settings(max_examples=30)
@given(cells)
def test_equal_cells_have_equal_features(recipe: Recipe) -> None:
    assert all_features(recipe) == all_features(renamed(recipe))


@settings(max_examples=30)
@given(cells)
def test_features_are_finite_and_have_the_same_names(recipe: Recipe) -> None:
    features = all_features(recipe)
    assert list(features) == list(all_features(named_recipe("lstm")))
    assert np.isfinite(list(features.values())).all()


@pytest.mark.parametrize("arithmetic", [FixedPoint, SinglePrecision])
def test_a_cell_that_explodes_has_finite_features(arithmetic: type[Arithmetic]) -> None:
    weights = Weights.draw(np.random.default_rng(0), inputs=2, width=4, gain=9, bias=1)
    drive = Drive(weights, np.full((30, 3, 3), 9.0), arithmetic)
    kick = Kick(5, slice(2, 3), np.ones((1, 4), arithmetic.dtype))
    outputs = simulate(SQUARING, drive, kick)
    assert abs(outputs).max() == LARGEST
    assert np.isfinite(outputs).all()
    assert np.isfinite(list(all_features(SQUARING).values())).all()
    assert growth(SQUARING)["degree_state_output_0"] == 6
    assert growth(named_recipe("lstm"))["degree_state_most_3"] <= 1


@pytest.mark.parametrize(("arithmetic", "error"), [(FixedPoint, 1e-3), (SinglePrecision, 1e-5)])
def test_simulation_computes_the_cell(arithmetic: type[Arithmetic], error: float) -> None:
    """The plain cell tanh(W x + U h + b), step by step."""
    weights = Weights.draw(np.random.default_rng(1), inputs=2, width=5, gain=1, bias=1)
    tanh = Recipe.from_json(
        {
            "node_0": {"op": "linear", "input": ["x", "h_prev_0"]},
            "h_new_0": {"op": "activation_tanh", "input": ["node_0"]},
        }
    )
    rng = np.random.default_rng(2)
    inputs = np.ones((6, 4, 3))
    inputs[..., :2] = rng.standard_normal((6, 4, 2))
    kick = Kick(99, slice(3, 4), np.zeros((1, 5), arithmetic.dtype))
    outputs = simulate(tanh, Drive(weights, inputs, arithmetic), kick)
    state = np.zeros((4, 5))
    for x, output in zip(inputs, outputs, strict=True):
        state = np.tanh(x @ weights.trained[0] + state @ weights.frozen[0])
        assert output == pytest.approx(state, abs=error)


def test_memory_shows() -> None:
    lstm, none = behaviour(named_recipe("lstm")), behaviour(FORGETFUL)
    assert none["recall_0"] > 0.9
    assert none["recall_1"] < 0.2 < lstm["recall_1"]
    assert none["input_lives_1"] < lstm["input_lives_1"]
    assert lstm["recall_total"] == pytest.approx(
        sum(lstm[f"recall_{lag}"] for lag in range(RECALLED_STEPS)), rel=1e-5
    )


def test_structure_of_the_lstm() -> None:
    features = structure(named_recipe("lstm"))
    assert features["nodes"] == len(named_recipe("lstm").nodes)
    assert features["states"] == 2
    assert features["output_is_elementwise_prod"]
    assert features["fewest_linear_x_to_output"] == 1
    assert features["fewest_linear_other_to_output"] == 0
    assert features["most_linear_other_to_output"] == 0


@pytest.mark.parametrize("seed", ["0", "1234"])
def test_features_are_the_same_in_another_process(seed: str) -> None:
    program = (
        "import json; from search_spaces.rnn_cell.features.untrained_dynamics import behaviour;"
        "from search_spaces.rnn_cell.published import named_recipe;"
        "print(json.dumps(behaviour(named_recipe('lstm'))))"
    )
    environment = os.environ | {"PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == behaviour(named_recipe("lstm"))


def test_states_of_fixed_point_are_multiples_of_the_grid() -> None:
    """Then sums of products are exact, whatever the order of a processor's instructions."""
    rng = np.random.default_rng(3)
    weights = Weights.draw(rng, inputs=2, width=8, gain=1, bias=1)
    inputs = rng.standard_normal((9, 5, 3))
    drive = Drive(weights, inputs, FixedPoint)
    kick = Kick(4, slice(4, 5), rng.standard_normal((1, 8)))
    for recipe in (named_recipe("gru"), SQUARING, FORGETFUL):
        states = simulate(recipe, drive, kick) / FixedPoint.GRID
        assert (states == np.rint(states)).all()
        alone = Drive(weights, inputs[:, :2], FixedPoint)
        rows = simulate(recipe, alone, Kick(99, slice(2, 2), np.zeros((0, 8))))
        assert (rows == states[:, :2] * FixedPoint.GRID).all()


def test_both_simulations_describe_the_same_cell() -> None:
    fixed, single = (behaviour(named_recipe("gru"), of) for of in (DETAILED, SINGLE_PRECISION))
    assert list(fixed) == list(single)
    assert fixed["recall_1"] == pytest.approx(single["recall_1"], abs=0.01)
