"""The cell space as flat choices: every sample is a cell, every cell has a sample."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.rnn_cell import Recipe, RecipeError, moves, published_ids, published_recipe
from search_spaces.rnn_cell.choices import CellChoices, Sample
from search_spaces.rnn_cell.published import NAMED, named_recipe

ALL_CELLS = CellChoices()
OPTIONS = [
    ALL_CELLS,
    CellChoices(hidden_states=1),
    CellChoices(hidden_states=2),
    CellChoices(hidden_states=3),
    CellChoices(max_inputs=2),
    CellChoices(max_inputs=6),
    CellChoices(hidden_states=1, max_nodes=2),
    CellChoices(max_nodes=4, max_inputs=2),
]


def random_sample(choices: CellChoices, rng: random.Random) -> Sample:
    return {label: rng.choice(values) for label, values in choices.categoricals.items()}


@pytest.mark.parametrize("choices", OPTIONS, ids=repr)
def test_every_random_sample_is_a_cell_of_its_space(choices: CellChoices) -> None:
    rng = random.Random(0)
    for _ in range(2000):
        recipe = choices.from_sample(random_sample(choices, rng))
        assert choices.hidden_states in (None, recipe.hidden_states)
        assert len(recipe.nodes) <= choices.max_nodes
        assert all(len(node.inputs) <= max(choices.max_inputs, 3) for node in recipe.nodes)


@given(seed=st.integers(0, 2**32), choices=st.sampled_from(OPTIONS))
def test_the_sample_of_a_decoded_cell_decodes_to_that_cell(seed: int, choices: CellChoices) -> None:
    recipe = choices.from_sample(random_sample(choices, random.Random(seed)))
    again = choices.to_sample(recipe)
    assert all(again[label] in values for label, values in choices.categoricals.items())
    assert again.keys() == choices.categoricals.keys()
    assert choices.from_sample(again) == recipe


@pytest.mark.parametrize("name", NAMED)
def test_named_cells_round_trip(name: str) -> None:
    recipe = named_recipe(name)
    assert ALL_CELLS.from_sample(ALL_CELLS.to_sample(recipe)) == recipe


def test_published_cells_round_trip() -> None:
    for recipe_id in published_ids()[3::67]:
        recipe = published_recipe(recipe_id)
        assert ALL_CELLS.from_sample(ALL_CELLS.to_sample(recipe)) == recipe


@given(st.integers(0, 2**32))
def test_sampled_and_mutated_cells_round_trip(seed: int) -> None:
    rng = np.random.default_rng(seed)
    recipe = moves.sample(rng)
    for _ in range(5):
        assert ALL_CELLS.from_sample(ALL_CELLS.to_sample(recipe)) == recipe
        recipe = moves.mutate(recipe, rng)


def test_nodes_and_inputs_keep_their_order() -> None:
    recipe = Recipe.from_json(
        '{"node_0": {"op": "blend", "input": ["h_prev_0", "h_prev_0", "h_prev_0"]},'
        ' "node_1": {"op": "linear", "input": ["x", "x", "node_0"]},'
        ' "h_new_0": {"op": "elementwise_sum", "input": ["node_1", "node_0", "node_1"]}}'
    )
    assert ALL_CELLS.from_sample(ALL_CELLS.to_sample(recipe)).to_json() == recipe.to_json()


def test_a_result_may_feed_another_result() -> None:
    recipe = Recipe.from_json(
        '{"node_0": {"op": "linear", "input": ["h_prev_0", "h_prev_1"]},'
        ' "h_new_0": {"op": "activation_tanh", "input": ["node_0"]},'
        ' "h_new_1": {"op": "linear", "input": ["h_new_0", "x"]}}'
    )
    assert ALL_CELLS.from_sample(ALL_CELLS.to_sample(recipe)).to_json() == recipe.to_json()


def test_a_valid_wiring_is_not_repaired() -> None:
    """The GRU's direct edge is kept, the same edge in another cell is not."""
    gru = named_recipe("gru")
    sample = ALL_CELLS.to_sample(gru)
    assert "h_prev_0" in ALL_CELLS.from_sample(sample).nodes[-1].inputs
    sample["node_1_op"] = "activation_tanh"
    repaired = ALL_CELLS.from_sample(sample)
    assert "h_prev_0" not in repaired.nodes[-1].inputs
    assert len(repaired.nodes) == len(gru.nodes)


@pytest.mark.parametrize(
    ("choices", "option"),
    [
        (CellChoices(hidden_states=1), "hidden_states"),
        (CellChoices(max_nodes=12), "max_nodes"),
    ],
)
def test_a_cell_that_does_not_fit_names_the_option(choices: CellChoices, option: str) -> None:
    with pytest.raises(RecipeError, match=option):
        choices.to_sample(named_recipe("lstm"))


def test_a_wide_sum_needs_a_larger_max_inputs() -> None:
    wide = Recipe.from_json(
        '{"node_0": {"op": "linear", "input": ["x", "h_prev_0"]},'
        ' "h_new_0": {"op": "elementwise_sum", "input": ["node_0", "node_0", "node_0", "node_0"]}}'
    )
    with pytest.raises(RecipeError, match="max_inputs"):
        ALL_CELLS.to_sample(wide)
    wider = CellChoices(max_inputs=4)
    assert wider.from_sample(wider.to_sample(wide)) == wide


@pytest.mark.parametrize(
    "options",
    [
        {"hidden_states": 0},
        {"hidden_states": 4},
        {"max_nodes": 3},
        {"max_nodes": 25},
        {"max_inputs": 1},
    ],
)
def test_impossible_sizes_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(RecipeError, match=next(iter(options))):
        CellChoices(**options)


def test_broken_samples_are_refused() -> None:
    sample = ALL_CELLS.to_sample(named_recipe("lstm"))
    with pytest.raises(RecipeError, match="lacks the choice 'node_3_op'"):
        ALL_CELLS.from_sample({k: v for k, v in sample.items() if k != "node_3_op"})
    with pytest.raises(RecipeError, match="'node_0_input_1' has no value 99"):
        ALL_CELLS.from_sample(sample | {"node_0_input_1": 99})
    with pytest.raises(RecipeError, match="'node_0_op' has no value 'conv'"):
        ALL_CELLS.from_sample(sample | {"node_0_op": "conv"})


def test_choices_are_flat_and_plain() -> None:
    """NNI's tuners and nnictl take labels without a slash and plain values."""
    for label, values in ALL_CELLS.categoricals.items():
        assert "/" not in label
        assert len(values) == len(set(values)) > 1
        assert all(type(value) in (int, str) for value in values)
