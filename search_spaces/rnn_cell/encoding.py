"""Feature vectors of a cell for surrogates and predictors, the same for equal cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import EncodingKind
from search_spaces.op_graph import OpGraph
from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.validity import MAX_HIDDEN_STATES, MAX_NODES, OPS, state_index

KINDS = ("input", *OPS)
MAX_SOURCES = 1 + MAX_HIDDEN_STATES
VERTICES = MAX_SOURCES + MAX_NODES
_SOURCES = ("x", *(f"h_prev_{i}" for i in range(MAX_HIDDEN_STATES)))
_STATES = tuple(f"h_new_{i}" for i in range(MAX_HIDDEN_STATES))


def encode(recipe: Recipe, kind: EncodingKind = "flat") -> NDArray[np.float64]:
    """Return features of the normal form, so that equal cells have equal features.

    `graph`: 28 x (8 + 3 + 28) = per vertex its kind and result one-hot and its row of edges (how
    often it reads each vertex; sources first, absent vertices all zero). `flat`: kinds, results
    and the edges that topological order allows, as one vector. `counts`: nodes, states, operations,
    edges by kind of both ends, and shortest paths from each source to each result.
    """
    if kind == "counts":
        return _counts(recipe.canonical)
    graph = _graph(recipe.canonical)
    if kind == "graph":
        return graph
    marks = len(KINDS) + MAX_HIDDEN_STATES
    below = np.tril_indices(VERTICES, -1)
    return np.concatenate([graph[:, :marks].ravel(), graph[:, marks:][below]])


def op_graph(recipe: Recipe) -> OpGraph:
    """Sources and nodes of the normal form; a vertex that is read twice has one edge."""
    normal = recipe.canonical
    names = [*normal.sources, *(node.name for node in normal.nodes)]
    index = {name: i for i, name in enumerate(names)}
    kinds = [KINDS[0]] * len(normal.sources) + [node.op for node in normal.nodes]
    edges = {(index[source], index[node.name]) for node in normal.nodes for source in node.inputs}
    return OpGraph(KINDS, tuple(kinds), tuple(sorted(edges)), VERTICES)


def _graph(recipe: Recipe) -> NDArray[np.float64]:
    index = {name: i for i, name in enumerate(_SOURCES)}
    index.update({node.name: MAX_SOURCES + i for i, node in enumerate(recipe.nodes)})
    kinds = np.zeros((VERTICES, len(KINDS)))
    results = np.zeros((VERTICES, MAX_HIDDEN_STATES))
    edges = np.zeros((VERTICES, VERTICES))
    for name in recipe.sources:
        kinds[index[name], 0] = 1
    for node in recipe.nodes:
        row = index[node.name]
        kinds[row, KINDS.index(node.op)] = 1
        for source in node.inputs:
            edges[row, index[source]] += 1
        state = state_index(node.name, "h_new_")
        if state is not None:
            results[row, state] = 1
    return np.hstack([kinds, results, edges])


def _counts(recipe: Recipe) -> NDArray[np.float64]:
    ops = {node.name: node.op for node in recipe.nodes}
    ends = [*_SOURCES, *OPS]
    nodes = np.zeros(len(OPS))
    edges = np.zeros((len(ends), len(OPS)))
    for node in recipe.nodes:
        nodes[OPS.index(node.op)] += 1
        for source in node.inputs:
            edges[ends.index(ops.get(source, source)), OPS.index(node.op)] += 1
    sizes = np.array([len(recipe.nodes), recipe.hidden_states], dtype=np.float64)
    return np.concatenate([sizes, nodes, edges.ravel(), _path_lengths(recipe).ravel()])


def _path_lengths(recipe: Recipe) -> NDArray[np.float64]:
    """Fewest nodes between each source and each result, 4 x 3; -1 where there is no path."""
    lengths = np.full((MAX_SOURCES, MAX_HIDDEN_STATES), -1.0)
    for row, start in enumerate(recipe.sources):
        distance = {start: 0}
        for node in recipe.nodes:  # the normal form is in topological order
            reached = [distance[i] for i in node.inputs if i in distance]
            if reached:
                distance[node.name] = min(reached) + 1
        for column, result in enumerate(_STATES):
            lengths[row, column] = distance.get(result, -1)
    return lengths
