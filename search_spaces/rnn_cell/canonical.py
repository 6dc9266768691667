"""The normal form of a cell, by graph canonical labelling.

Two recipes are the same cell when one becomes the other by renaming inner nodes, reordering the
inputs of linear, sum and product, and permuting the pairs (h_prev_i, h_new_i) with i >= 1. Shared
nodes stay shared: two linear nodes with equal inputs have different weights.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from search_spaces.rnn_cell.validity import (
    COMMUTATIVE,
    MAX_INPUTS,
    OPS,
    state_index,
    topological_order,
)

if TYPE_CHECKING:
    from search_spaces.rnn_cell.architecture import Node, Recipe

_INPUT, _OUTPUT_STATE, _OTHER_STATE = range(3)
_FIRST_OP = 3
_ROLES = 3  # inner node, h_new_0, any other h_new
_FIRST_WIRE = _FIRST_OP + len(OPS) * _ROLES
_FIRST_SLOT = _FIRST_WIRE + MAX_INPUTS + 1


def canonical_key(recipe: Recipe) -> str:
    """Digest of the canonically labelled graph: 32 hex digits."""
    colours, edges, label = _labelled_graph(recipe)
    placed = sorted(zip(label, colours, strict=True))
    wires = sorted((label[a], label[b]) for a, b in edges)
    text = repr(([colour for _, colour in placed], wires))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def canonical_nodes(recipe: Recipe) -> tuple[Node, ...]:
    """The nodes with standard names (node_0, ...), in canonical topological order."""
    from search_spaces.rnn_cell.architecture import Node

    names = [*recipe.sources, *(node.name for node in recipe.nodes)]
    _, _, label = _labelled_graph(recipe)
    rank = dict(zip(names, label, strict=False))  # the rest of the labels are wires
    table = {node.name: node for node in recipe.nodes}
    order = topological_order({node.name: node.inputs for node in recipe.nodes}, rank)
    renamed = _standard_names(recipe.hidden_states, order, rank)

    def inputs(node: Node) -> tuple[str, ...]:
        ordered = node.inputs
        if node.op in COMMUTATIVE:
            ordered = tuple(sorted(ordered, key=rank.__getitem__))
        return tuple(renamed[name] for name in ordered)

    return tuple(Node(renamed[name], table[name].op, inputs(table[name])) for name in order)


def _standard_names(states: int, order: list[str], rank: dict[str, int]) -> dict[str, str]:
    renamed = {"x": "x", "h_prev_0": "h_prev_0", "h_new_0": "h_new_0"}
    others = sorted(range(1, states), key=lambda i: rank[f"h_prev_{i}"])
    for new, old in enumerate(others, start=1):
        renamed[f"h_prev_{old}"] = f"h_prev_{new}"
        renamed[f"h_new_{old}"] = f"h_new_{new}"
    for name in order:
        renamed.setdefault(name, f"node_{len(renamed) - 2 * len(others) - 3}")
    return renamed


def _labelled_graph(recipe: Recipe) -> tuple[list[int], list[tuple[int, int]], list[int]]:
    """Vertex colours, edges and canonical labels: first the sources, then the nodes in order."""
    import igraph

    colours, edges = _coloured_graph(recipe)
    graph = igraph.Graph(n=len(colours), edges=edges, directed=True)
    graph.vs["vertex"] = range(len(colours))
    # Ask the permuted graph who went where: what the raw permutation maps to what has changed
    # between releases of igraph.
    permuted = graph.permute_vertices(graph.canonical_permutation(color=colours))
    label = [0] * len(colours)
    for place, vertex in enumerate(permuted.vs["vertex"]):
        label[vertex] = place
    return colours, edges, label


def _coloured_graph(recipe: Recipe) -> tuple[list[int], list[tuple[int, int]]]:
    """The cell as a simple directed graph.

    A vertex stands between an input and its node where the wire itself carries a meaning: its slot
    (`blend` keeps its order) or how often the same input is used.
    """
    index = {name: i for i, name in enumerate(recipe.sources)}
    colours = [_INPUT, _OUTPUT_STATE] + [_OTHER_STATE] * (recipe.hidden_states - 1)
    for node in recipe.nodes:
        index[node.name] = len(colours)
        colours.append(_FIRST_OP + _ROLES * OPS.index(node.op) + _role(node.name))
    edges = [(index[f"h_new_{i}"], index[f"h_prev_{i}"]) for i in range(recipe.hidden_states)]

    def wire(source: str, target: str, colour: int) -> None:
        edges.extend([(index[source], len(colours)), (len(colours), index[target])])
        colours.append(colour)

    for node in recipe.nodes:
        if node.op == "blend":
            for slot, source in enumerate(node.inputs):
                wire(source, node.name, _FIRST_SLOT + slot)
        elif len(set(node.inputs)) == len(node.inputs):
            edges.extend((index[source], index[node.name]) for source in node.inputs)
        else:
            for source, times in Counter(node.inputs).items():
                wire(source, node.name, _FIRST_WIRE + times)
    return colours, edges


def _role(name: str) -> int:
    state = state_index(name, "h_new_")
    return 0 if state is None else min(state, 1) + 1
