"""A cell in the flat form of NNI's `nlp.db`: `node_0_op`, `node_0_input_0`, ..."""

from __future__ import annotations

import re

from nni_nlp_bench.core.parse_json import parse_json
from search_spaces.rnn_cell import Node, Recipe, RecipeError

_KEY = re.compile(r"(?P<node>.+)_(?:op|input_(?P<slot>[0-9]{1,3}))", re.DOTALL)


def flat_architecture(recipe: Recipe) -> dict[str, str]:
    """Return the argument `arch` of NNI's `query_nlp_trial_stats`."""
    flat = {f"{node.name}_op": node.op for node in recipe.nodes}
    for node in recipe.nodes:
        flat |= {f"{node.name}_input_{i}": name for i, name in enumerate(node.inputs)}
    return flat


def recipe_of_flat(text: str) -> Recipe:
    """Parse a cell from the JSON of such a dictionary. Raises RecipeError."""
    try:
        flat = parse_json(text)
    except ValueError as error:
        raise RecipeError(f"an architecture must be JSON text: {error}") from None
    if not isinstance(flat, dict):
        raise RecipeError("an architecture must be a JSON object")
    ops: dict[str, str] = {}
    inputs: dict[str, dict[int, str]] = {}
    for key, value in flat.items():
        match = _KEY.fullmatch(key)
        if match is None or not isinstance(value, str):
            raise RecipeError(f"{key[:100]!r}: expected NODE_op or NODE_input_NUMBER and a name")
        if match["slot"] is None:
            ops[match["node"]] = value
        else:
            inputs.setdefault(match["node"], {})[int(match["slot"])] = value
    for name in inputs.keys() - ops.keys():
        raise RecipeError(f"node {name[:100]!r}: it has inputs but no op")
    return Recipe(tuple(_node(name, op, inputs.get(name, {})) for name, op in ops.items()))


def _node(name: str, op: str, inputs: dict[int, str]) -> Node:
    if sorted(inputs) != list(range(len(inputs))):
        raise RecipeError(f"node {name[:100]!r}: its inputs must be numbered from 0")
    return Node(name, op, tuple(inputs[i] for i in range(len(inputs))))
