"""Feature vectors of a cell for surrogates and predictors, the same for equal cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import EncodingKind
from search_spaces.enas_cell.architecture import ACTIVATIONS, MAX_NODES, Cell
from search_spaces.op_graph import OpGraph

_MARKS = len(ACTIVATIONS) + 1


def encode(cell: Cell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
    """Return features of the normal form, so that equal cells have equal features.

    `graph`: 12 x (4 + 1 + 12) = per node its activation one-hot, whether it is an end, and which
    node it reads; absent nodes are all zero. `flat`: the same without the edges that the order of
    nodes rules out, as one vector. `counts`: nodes, ends and depth; activations of all nodes, of
    the first, of the ends; activations by that of the node that is read.
    """
    if kind == "counts":
        return _counts(cell.canonical)
    graph = _graph(cell.canonical)
    if kind == "graph":
        return graph
    earlier = np.tril_indices(MAX_NODES, -1)
    return np.concatenate([graph[:, :_MARKS].ravel(), graph[:, _MARKS:][earlier]])


def op_graph(cell: Cell) -> OpGraph:
    """Return the nodes of the normal form, with edges from those that they read."""
    nodes = cell.canonical.nodes
    edges = [(node.predecessor - 1, i) for i, node in enumerate(nodes) if node.predecessor]
    ops = tuple(node.activation for node in nodes)
    return OpGraph(tuple(ACTIVATIONS), ops, tuple(sorted(edges)), MAX_NODES)


def depth(cell: Cell) -> int:
    """Nodes on the longest path to an end."""
    lengths = [0]
    for node in cell.nodes:
        lengths.append(lengths[node.predecessor] + 1)
    return max(lengths)


def _graph(cell: Cell) -> NDArray[np.float64]:
    graph = np.zeros((MAX_NODES, _MARKS + MAX_NODES))
    for i, node in enumerate(cell.nodes):
        graph[i, ACTIVATIONS.index(node.activation)] = 1
        graph[i, len(ACTIVATIONS)] = i + 1 in cell.ends
        if node.predecessor:
            graph[i, _MARKS + node.predecessor - 1] = 1
    return graph


def _counts(cell: Cell) -> NDArray[np.float64]:
    kinds = [ACTIVATIONS.index(node.activation) for node in cell.nodes]
    own, first, ends = (np.zeros(len(ACTIVATIONS)) for _ in range(3))
    pairs = np.zeros((len(ACTIVATIONS), len(ACTIVATIONS)))
    first[kinds[0]] = 1
    for number, (node, kind) in enumerate(zip(cell.nodes, kinds, strict=True), start=1):
        own[kind] += 1
        ends[kind] += number in cell.ends
        if node.predecessor:
            pairs[kinds[node.predecessor - 1], kind] += 1
    sizes = np.array([len(cell.nodes), len(cell.ends), depth(cell)], dtype=np.float64)
    return np.concatenate([sizes, own, first, ends, pairs.ravel()])
