"""The normal form of a cell, by graph canonical labelling.

Two recipes are the same cell when one becomes the other by renaming inner nodes, reordering the
inputs of linear, sum and product, and permuting the pairs (h_prev_i, h_new_i) with i >= 1. Shared
nodes stay shared: two linear nodes with equal inputs have different weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from search_spaces.rnn_cell.validity import (
    COMMUTATIVE,
    MAX_INPUTS,
    OPS,
    source_names,
    state_index,
    topological_order,
)
from search_spaces.values import digest

Entry = tuple[str, str, tuple[str, ...]]
"""A node: its name, its operation, and the names of its inputs."""

_INPUT, _OUTPUT_STATE, _OTHER_STATE = range(3)
_FIRST_OP = 3
_ROLES = 3  # inner node, h_new_0, any other h_new
_FIRST_REPEAT = _FIRST_OP + len(OPS) * _ROLES
_FIRST_SLOT = _FIRST_REPEAT + MAX_INPUTS + 1


def canonical_key(nodes: Sequence[Entry], states: int) -> str:
    """Return the digest of the canonically labelled graph: 32 hex digits."""
    colours, edges, label = _labelled_graph(nodes, states)
    placed = sorted(zip(label, colours, strict=True))
    labelled_edges = sorted((label[a], label[b]) for a, b in edges)
    return digest(([colour for _, colour in placed], labelled_edges))


def canonical_nodes(nodes: Sequence[Entry], states: int) -> tuple[Entry, ...]:
    """Return the nodes with standard names (node_0, ...), in canonical topological order."""
    names = [*source_names(states), *(name for name, _, _ in nodes)]
    _, _, label = _labelled_graph(nodes, states)
    rank = dict(zip(names, label, strict=False))  # the other labels are vertices on edges
    table = {name: (op, inputs) for name, op, inputs in nodes}
    order = topological_order({name: inputs for name, _, inputs in nodes}, rank)
    renamed = _standard_names(states, order, rank)

    def standard(name: str) -> Entry:
        op, inputs = table[name]
        if op in COMMUTATIVE:
            inputs = tuple(sorted(inputs, key=rank.__getitem__))
        return renamed[name], op, tuple(renamed[source] for source in inputs)

    return tuple(map(standard, order))


def _standard_names(states: int, order: list[str], rank: dict[str, int]) -> dict[str, str]:
    renamed = {"x": "x", "h_prev_0": "h_prev_0", "h_new_0": "h_new_0"}
    others = sorted(range(1, states), key=lambda i: rank[f"h_prev_{i}"])
    for new, old in enumerate(others, start=1):
        renamed[f"h_prev_{old}"] = f"h_prev_{new}"
        renamed[f"h_new_{old}"] = f"h_new_{new}"
    for name in order:
        renamed.setdefault(name, f"node_{len(renamed) - 2 * len(others) - 3}")
    return renamed


@lru_cache(maxsize=8)  # of the key, and soon after of the nodes
def _labelled_graph(
    nodes: Sequence[Entry], states: int
) -> tuple[list[int], list[tuple[int, int]], list[int]]:
    """Vertex colours, edges and canonical labels: first the sources, then the nodes in order."""
    import igraph

    colours, edges = _coloured_graph(nodes, states)
    graph = igraph.Graph(n=len(colours), edges=edges, directed=True)
    graph.vs["vertex"] = range(len(colours))
    # Ask the permuted graph who went where: what the raw permutation maps to what has changed
    # between releases of igraph.
    permuted = graph.permute_vertices(graph.canonical_permutation(color=colours))
    label = [0] * len(colours)
    for place, vertex in enumerate(permuted.vs["vertex"]):
        label[vertex] = place
    return colours, edges, label


def _coloured_graph(nodes: Sequence[Entry], states: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the cell as a simple directed graph.

    A vertex stands between an input and its node where the edge itself carries a meaning: its slot
    (`blend` keeps its order) or how often the same input is used.
    """
    index = {name: i for i, name in enumerate(source_names(states))}
    colours = [_INPUT, _OUTPUT_STATE] + [_OTHER_STATE] * (states - 1)
    for name, op, _ in nodes:
        index[name] = len(colours)
        colours.append(_FIRST_OP + _ROLES * OPS.index(op) + _role(name))
    edges = [(index[f"h_new_{i}"], index[f"h_prev_{i}"]) for i in range(states)]

    def connect(source: str, target: str, colour: int) -> None:
        edges.extend([(index[source], len(colours)), (len(colours), index[target])])
        colours.append(colour)

    for name, op, inputs in nodes:
        if op == "blend":
            for slot, source in enumerate(inputs):
                connect(source, name, _FIRST_SLOT + slot)
        elif len(set(inputs)) == len(inputs):
            edges.extend((index[source], index[name]) for source in inputs)
        else:
            for source, times in Counter(inputs).items():
                connect(source, name, _FIRST_REPEAT + times)
    return colours, edges


def _role(name: str) -> int:
    state = state_index(name, "h_new_")
    return 0 if state is None else min(state, 1) + 1
