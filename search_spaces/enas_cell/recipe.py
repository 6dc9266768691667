"""A cell of ENAS in the terms of NAS-Bench-NLP's recurrent cell, where that is possible."""

from __future__ import annotations

from search_spaces.enas_cell.architecture import Cell, CellError
from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.validity import MAX_NODES

_OPS = {"tanh": "activation_tanh", "sigmoid": "activation_sigm"}


def to_recipe(cell: Cell) -> Recipe:
    """Return the recipe that computes the same, given the same matrices and biases of zero.

    Node i has the linear map `gate_i`, its sigmoid `gate_i_act`, the linear map `map_i` with
    `map_i_act`, and blends them with what it reads. Raises CellError with the reason for a cell
    that no recipe represents exactly.
    """
    for number, node in enumerate(cell.nodes, start=1):
        if node.activation == "relu":
            raise CellError(f"no recipe says this cell: node {number} is a relu")
    if len(cell.ends) > 1:
        ends = f"the output is the mean of {len(cell.ends)} ends"
        raise CellError(f"no recipe says this cell: {ends}")
    if len(cell.nodes) == 1:
        wire = "its only node would wire h_prev_0 to h_new_0 directly"
        raise CellError(f"no recipe says this cell: {wire}")
    nodes = [part for number in range(1, len(cell.nodes) + 1) for part in _parts(cell, number)]
    if len(nodes) > MAX_NODES:
        size = f"it would need {len(nodes)} nodes, and a recipe has at most {MAX_NODES}"
        raise CellError(f"no recipe says this cell: {size}")
    return Recipe(tuple(nodes))


def _parts(cell: Cell, number: int) -> list[Node]:
    """Return one node of the cell as four or five nodes of a recipe."""
    predecessor, activation = cell.nodes[number - 1]
    read = f"h_{predecessor}" if predecessor else "h_prev_0"
    inputs = (read,) if predecessor else ("x", read)
    gate, candidate = f"gate_{number}", f"map_{number}"
    parts = [
        Node(gate, "linear", inputs),
        Node(f"{gate}_act", "activation_sigm", (gate,)),
        Node(candidate, "linear", inputs),
    ]
    if activation in _OPS:
        parts.append(Node(f"{candidate}_act", _OPS[activation], (candidate,)))
        candidate = f"{candidate}_act"
    name = "h_new_0" if number == len(cell.nodes) else f"h_{number}"
    return [*parts, Node(name, "blend", (f"{gate}_act", candidate, read))]
