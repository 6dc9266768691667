"""Feature vectors of an architecture for surrogates and predictors, the same for equal ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import EncodingKind
from search_spaces.op_graph import OpGraph
from search_spaces.textnas.architecture import OPS, Arc


def encode(arc: Arc, kind: EncodingKind = "flat") -> NDArray[np.float64]:
    """Return features of the normal form, so that equal architectures have equal features.

    `graph`: layers x (8 + layers + layers) = per layer its op one-hot, which layer it reads, which
    it skips from. `flat`: the same without the edges that the order of layers rules out, as one
    vector. `counts`: layers, skips, layers with skips and depth; ops of all layers, of the first,
    of those with skips; ops by that of the layer that is read, and by that of each skip. Its length
    is the same for any number of layers.
    """
    if kind == "counts":
        return _counts(arc)
    graph = _graph(arc.canonical)
    if kind == "graph":
        return graph
    ops, inputs, skips = np.split(graph, [len(OPS), len(OPS) + len(arc.layers)], axis=1)
    earlier = np.tril_indices(len(arc.layers), -1)
    return np.concatenate([ops.ravel(), inputs[earlier], skips[earlier]])


def op_graph(arc: Arc) -> OpGraph:
    """Return the layers of the normal form, with edges from those that they read or skip from."""
    edges: set[tuple[int, int]] = set()
    for number, (source, _, skips) in enumerate(arc.canonical.edges):
        edges |= {(start, number) for start in (source, *skips) if start is not None}
    ops = tuple(layer.op for layer in arc.canonical.layers)
    return OpGraph(OPS, ops, tuple(sorted(edges)), len(ops))


def count_skips(arc: Arc) -> int:
    """Return how many skips all layers have together."""
    return sum(len(layer.skips) for layer in arc.layers)


def depth(arc: Arc) -> int:
    """Ops on the longest path from the stem to the output of a layer; a skip passes none."""
    lengths: list[int] = []
    for source, _, skips in arc.edges:
        through = 0 if source is None else lengths[source]
        lengths.append(max([through + 1, *(lengths[skip] for skip in skips)]))
    return max(lengths)


def _graph(arc: Arc) -> NDArray[np.float64]:
    layers = len(arc.layers)
    graph = np.zeros((layers, len(OPS) + 2 * layers))
    for number, (source, op, skips) in enumerate(arc.edges):
        graph[number, OPS.index(op)] = 1
        if source is not None:
            graph[number, len(OPS) + source] = 1
        graph[number, [len(OPS) + layers + skip for skip in skips]] = 1
    return graph


def _counts(arc: Arc) -> NDArray[np.float64]:
    kinds = [OPS.index(layer.op) for layer in arc.layers]
    own, first, with_skips = (np.zeros(len(OPS)) for _ in range(3))
    inputs, skipped = (np.zeros((len(OPS), len(OPS))) for _ in range(2))
    first[kinds[0]] = 1
    for kind, (source, _, skips) in zip(kinds, arc.edges, strict=True):
        own[kind] += 1
        with_skips[kind] += bool(skips)
        if source is not None:
            inputs[kinds[source], kind] += 1
        for skip in skips:
            skipped[kinds[skip], kind] += 1
    sizes = np.array([len(kinds), skipped.sum(), with_skips.sum(), depth(arc)], dtype=np.float64)
    return np.concatenate([sizes, own, first, with_skips, inputs.ravel(), skipped.ravel()])
