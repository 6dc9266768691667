"""Feature vectors of a cell for surrogates and predictors, the same for equal ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import EncodingKind
from search_spaces.emd_cell.architecture import EDGES, INPUTS, NODES, OPS, EmdCell
from search_spaces.op_graph import OpGraph


def encode(cell: EmdCell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
    """Return features of the normal form, so that equal cells have equal features.

    `graph`: nodes x 36 = of each of the four sources that a node could read the edge's op one-hot,
    all 0 without an edge. `flat`: the same of the nine edges that can be, as one vector. `counts`:
    depth, edges between nodes, nodes that no other reads; ops of all edges, of those that read the
    first input, the second, and a node.
    """
    if kind == "counts":
        return _counts(cell)
    graph = np.zeros((NODES, INPUTS + NODES - 1, len(OPS)))
    for number, node in enumerate(cell.canonical.nodes):
        for op, source in node:
            graph[number, source, OPS.index(op)] = 1
    if kind == "graph":
        return graph.reshape(NODES, -1)
    return np.concatenate([graph[node, source] for node, source in EDGES])


def op_graph(cell: EmdCell) -> OpGraph:
    """Return two inputs, then each node's edges and their sum, in the normal form."""
    vertices = ["input"] * INPUTS
    edges: list[tuple[int, int]] = []
    outputs = list(range(INPUTS))
    for node in cell.canonical.nodes:
        end = len(vertices) + len(node)
        for op, source in node:
            edges += [(outputs[source], len(vertices)), (len(vertices), end)]
            vertices.append(op)
        outputs.append(end)
        vertices.append("sum")
    return OpGraph(("input", *OPS, "sum"), tuple(vertices), tuple(sorted(edges)), len(vertices))


def depth(cell: EmdCell) -> int:
    """Ops on the longest path from an input to a node; a skip is none."""
    lengths = [0] * INPUTS
    for node in cell.nodes:
        lengths.append(max(lengths[source] + (op != "skip_connect") for op, source in node))
    return max(lengths)


def inner_edges(cell: EmdCell) -> int:
    """Return how many edges read a node instead of an input."""
    return sum(source >= INPUTS for node in cell.nodes for _, source in node)


def ends(cell: EmdCell) -> int:
    """Return how many nodes no other node reads."""
    return NODES - len({source for node in cell.nodes for _, source in node if source >= INPUTS})


def _counts(cell: EmdCell) -> NDArray[np.float64]:
    by_source = np.zeros((INPUTS + 1, len(OPS)))
    for node in cell.nodes:
        for op, source in node:
            by_source[min(source, INPUTS), OPS.index(op)] += 1
    sizes = np.array([depth(cell), inner_edges(cell), ends(cell)], dtype=np.float64)
    return np.concatenate([sizes, by_source.sum(0), by_source.ravel()])
