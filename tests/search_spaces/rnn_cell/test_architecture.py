"""A recipe is a value: what it accepts, how it compares, and what it says of bad input."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from nni_nlp_bench.core.errors import ArchitectureError, UserError
from search_spaces.rnn_cell.architecture import MAX_JSON_CHARACTERS, Node, Recipe, RecipeError
from search_spaces.rnn_cell.published import NAMED, named_recipe
from search_spaces.rnn_cell.validity import MAX_NODES

RNN = {"f": ("linear", ["x", "h_prev_0"]), "h_new_0": ("activation_tanh", ["f"])}


def as_json(nodes: dict[str, tuple[str, list[str]]]) -> str:
    return json.dumps({name: {"op": op, "input": inputs} for name, (op, inputs) in nodes.items()})


def recipe(**changes: tuple[str, list[str]]) -> Recipe:
    """The rnn with some nodes changed or added."""
    return Recipe.from_json(as_json({**RNN, **changes}))


BROKEN: dict[str, tuple[dict[str, tuple[str, list[str]]], str]] = {
    "cycle": (
        {"a": ("activation_tanh", ["b"]), "b": ("elementwise_sum", ["a", "f"])},
        "node 'a': it is part of a cycle",
    ),
    "cycle of a dead node": ({"a": ("activation_tanh", ["a"])}, "node 'a': it is part of a cycle"),
    "result reads itself": (
        {"h_new_0": ("elementwise_sum", ["f", "h_new_0"])},
        "node 'h_new_0': it is part of a cycle",
    ),
    "unknown op": (
        {"f": ("relu", ["x", "h_prev_0"])},
        "node 'f': unknown op 'relu'; known: linear",
    ),
    "unknown input": ({"f": ("linear", ["x", "g"])}, "node 'f': unknown input 'g'"),
    "unknown state": (
        {"f": ("linear", ["x", "h_prev_0", "h_prev_1"])},
        "node 'f': unknown input 'h_prev_1'",
    ),
    "two inputs to an activation": (
        {"h_new_0": ("activation_tanh", ["f", "x"])},
        "node 'h_new_0': activation_tanh takes 1 inputs, got 2",
    ),
    "four inputs to a linear": (
        {"f": ("linear", ["x", "x", "x", "h_prev_0"])},
        "node 'f': linear takes 1 to 3 inputs, got 4",
    ),
    "no input to a linear": ({"f": ("linear", [])}, "node 'f': linear takes 1 to 3 inputs, got 0"),
    "a sum of one": (
        {"f": ("elementwise_sum", ["x"])},
        "node 'f': elementwise_sum takes 2 to 28 inputs, got 1",
    ),
    "two inputs to a blend": (
        {"h_new_0": ("blend", ["f", "x"])},
        "node 'h_new_0': blend takes 3 inputs, got 2",
    ),
    "results not numbered from 0": (
        {"h_new_2": ("activation_tanh", ["f"])},
        "node 'h_new_1': this result is missing",
    ),
    "four hidden states": (
        {f"h_new_{i}": ("activation_tanh", ["f"]) for i in range(4)},
        "node 'h_new_3': a cell has at most 3 hidden states",
    ),
    "x read by a sum": (
        {"h_new_0": ("elementwise_sum", ["f", "x"])},
        "node 'h_new_0': x has a width of its own: only linear may read it",
    ),
    "state that nothing reads": (
        {"h_new_1": ("activation_tanh", ["f"])},
        "node 'h_prev_1': this source is unreachable",
    ),
    "state that only a dead node reads": (
        {"h_new_1": ("activation_tanh", ["f"]), "dead": ("activation_tanh", ["h_prev_1"])},
        "node 'h_prev_1': this source is unreachable",
    ),
    "x that nothing reads": (
        {"f": ("linear", ["h_prev_0"])},
        "node 'x': this source is unreachable",
    ),
    "direct edge": (
        {"h_new_0": ("elementwise_sum", ["f", "h_prev_0"])},
        "node 'h_new_0': h_prev_0 may not be wired to a result directly",
    ),
    "direct edge to another state": (
        {
            "f": ("linear", ["x", "h_prev_0", "h_prev_1"]),
            "h_new_1": ("elementwise_prod", ["f", "h_prev_0"]),
        },
        "node 'h_new_1': h_prev_0 may not be wired to a result directly",
    ),
    "computed source": ({"x": ("linear", ["h_prev_0"])}, "node 'x': the name of a source"),
    "computed state": ({"h_prev_0": ("linear", ["x"])}, "node 'h_prev_0': the name of a source"),
    "no name": ({"": ("linear", ["x"])}, "node '': a name has 1 to 100 characters"),
    "huge name": (
        {"n" * 10_000: ("linear", ["x"])},
        f"node '{'n' * 100}...': a name has 1 to 100 characters",
    ),
    "too many nodes": (
        {f"n{i}": ("activation_tanh", ["f"]) for i in range(MAX_NODES - 1)},
        "a cell has at most 24 nodes, got 25",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_names_the_node_and_the_rule(
    changes: dict[str, tuple[str, list[str]]], message: str
) -> None:
    with pytest.raises(RecipeError) as error:
        recipe(**changes)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_without_results_there_is_no_cell() -> None:
    with pytest.raises(RecipeError, match="node 'h_new_0': this result is missing"):
        Recipe.from_json('{"f": {"op": "linear", "input": ["x", "h_prev_0"]}}')
    with pytest.raises(RecipeError, match="node 'h_new_0': this result is missing"):
        Recipe.from_json("{}")
    with pytest.raises(RecipeError, match="node 'h_new_0': this result is missing"):
        Recipe(())


def test_24_nodes_are_a_cell() -> None:
    chain = {f"n{i}": ("activation_tanh", [f"n{i - 1}" if i else "f"]) for i in range(22)}
    assert len(recipe(**chain, h_new_0=("activation_sigm", ["n21"])).nodes) == MAX_NODES


UNREADABLE: dict[str, tuple[str | dict[Any, Any], str]] = {
    "no JSON": ("lstm", "a recipe must be JSON text"),
    "nothing": ("", "a recipe must be JSON text"),
    "broken off": ('{"f": {"op": "linear"', "a recipe must be JSON text"),
    "deep": ("[" * 50_000, "a recipe must be JSON text"),
    "long": (" " * (MAX_JSON_CHARACTERS + 1), "a recipe has at most 100,000 characters of JSON"),
    "huge number": ('{"f": ' + "1" * 5_000 + "}", "a recipe must be JSON text"),
    "list": ("[]", "a recipe must be a JSON object of nodes, got list"),
    "null": ("null", "a recipe must be a JSON object of nodes, got NoneType"),
    "number": ("1", "a recipe must be a JSON object of nodes, got int"),
    "text": ('"rnn"', "a recipe must be a JSON object of nodes, got str"),
    "node is null": ('{"f": null}', "node 'f': must be {"),
    "node is a list": ('{"f": ["linear", ["x"]]}', "node 'f': must be {"),
    "no input": ('{"f": {"op": "linear"}}', "node 'f': must be {"),
    "one key more": ('{"f": {"op": "linear", "input": ["x"], "bias": 1}}', "node 'f': must be {"),
    "op is null": ('{"f": {"op": null, "input": ["x"]}}', "node 'f': its op must be a text"),
    "op is a list": ('{"f": {"op": ["x"], "input": ["x"]}}', "node 'f': its op must be a text"),
    "input is null": (
        '{"f": {"op": "linear", "input": null}}',
        "node 'f': its input must be a list of node names",
    ),
    "input is a text": (
        '{"f": {"op": "linear", "input": "x"}}',
        "node 'f': its input must be a list of node names",
    ),
    "input holds a number": (
        '{"f": {"op": "linear", "input": ["x", 0]}}',
        "node 'f': its input must be a list of node names",
    ),
    "node twice": (
        '{"f": {"op": "linear", "input": ["x"]}, "f": {"op": "linear", "input": ["x"]}}',
        "a recipe must be JSON text: the key 'f' is given twice",
    ),
    "key twice": (
        '{"f": {"op": "linear", "op": "blend", "input": ["x"]}}',
        "a recipe must be JSON text: the key 'op' is given twice",
    ),
    "a name that is a number": (
        {1: {"op": "linear", "input": ["x"]}},
        "the name of a node must be a text, got int",
    ),
    "huge name, bad entry": ({"n" * 10_000: None}, f"node '{'n' * 100}...': must be"),
    "huge name twice": (
        '{"%s": 1, "%s": 1}' % (("n" * 10_000,) * 2),
        f"a recipe must be JSON text: the key '{'n' * 40}' is given twice",
    ),
}


@pytest.mark.parametrize(("source", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_recipe_is_told(source: str | dict[Any, Any], message: str) -> None:
    with pytest.raises(RecipeError) as error:
        Recipe.from_json(source)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_an_error_is_the_users_to_mend_and_has_no_hidden_cause() -> None:
    assert issubclass(RecipeError, UserError)
    assert issubclass(RecipeError, ArchitectureError)
    with pytest.raises(RecipeError) as error:
        recipe(f=("linear", ["x", "g"]))
    assert error.value.__suppress_context__


def test_nodes_given_twice_are_refused() -> None:
    node = Node("h_new_0", "activation_tanh", ("x",))
    with pytest.raises(RecipeError, match="node 'h_new_0': a name may be used once"):
        Recipe((node, node))


@pytest.mark.parametrize("name", NAMED)
def test_json_round_trip_keeps_the_order(name: str) -> None:
    first = named_recipe(name)
    again = Recipe.from_json(first.to_json())
    assert again.nodes == first.nodes
    assert again.to_json() == first.to_json() == str(first)
    assert Recipe.from_json(json.loads(first.to_json())).nodes == first.nodes


def test_a_name_may_hold_any_character() -> None:
    odd = 'a "b" ☃\n\\'
    cell = Recipe.from_json(
        as_json({odd: ("linear", ["x", "h_prev_0"]), "h_new_0": ("activation_tanh", [odd])})
    )
    assert Recipe.from_json(cell.to_json()).nodes == cell.nodes
    assert cell == recipe()


def test_dead_nodes_are_dropped_and_the_order_is_kept() -> None:
    cell = recipe(
        dead=("activation_tanh", ["f"]), deader=("elementwise_sum", ["dead", "f"]), g=RNN["f"]
    )
    assert [node.name for node in cell.nodes] == ["f", "h_new_0"]
    assert cell == recipe()


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        recipe().nodes = ()  # type: ignore[misc]


def test_equal_cells_are_one_key_of_a_dictionary() -> None:
    renamed = Recipe.from_json(
        as_json({"g": ("linear", ["h_prev_0", "x"]), "h_new_0": ("activation_tanh", ["g"])})
    )
    assert renamed == recipe()
    assert hash(renamed) == hash(recipe())
    assert len({recipe(), renamed, named_recipe("lstm")}) == 2
    assert recipe() != "rnn"
    assert recipe() != recipe(h_new_0=("activation_sigm", ["f"]))


def test_the_hidden_states_and_sources_of_the_named_cells() -> None:
    assert [named_recipe(name).hidden_states for name in NAMED] == [1, 2, 1]
    assert named_recipe("lstm").sources == ("x", "h_prev_0", "h_prev_1")


def test_a_name_that_only_starts_like_a_result_is_an_inner_node() -> None:
    lstm = named_recipe("lstm")
    assert {"h_new_1_part1", "h_new_1_act"} < {node.name for node in lstm.nodes}
    with pytest.raises(RecipeError, match="node 'f': unknown input 'h_prev_00'"):
        recipe(f=("linear", ["x", "h_prev_0", "h_prev_00"]))


def test_parameters_count_matrices_and_biases() -> None:
    assert recipe().num_parameters(400, 600) == 600 * 400 + 600 * 600 + 600
    assert named_recipe("lstm").num_parameters(3, 5) == 4 * (5 * 3 + 5 * 5 + 5)
    assert named_recipe("gru").num_parameters(3, 5) == 3 * (5 * 3 + 5 * 5 + 5)


@pytest.mark.parametrize(("widths", "name"), [((0, 1), "input_size"), ((1, -1), "hidden_size")])
def test_absurd_widths_are_refused(widths: tuple[int, int], name: str) -> None:
    with pytest.raises(RecipeError, match=f"{name} must be between 1 and 1,000,000"):
        recipe().num_parameters(*widths)
    with pytest.raises(RecipeError, match="hidden_size must be between 1 and 1,000,000"):
        recipe().num_parameters(1, 10**9)
