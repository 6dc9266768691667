"""The normal form of an architecture, by graph canonical labelling.

Two are the same when one becomes the other by renumbering layers, each keeping its op, its input
and its skips. Layers with equal ops, inputs and skips stay two: each has weights of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from search_spaces.values import digest

Edges = tuple[int | None, str, tuple[int, ...]]
"""The layer that a layer reads (None: the stem), its op, and the layers that are added."""

_OUTPUT = 0


def canonical_layers(layers: Sequence[Edges]) -> list[Edges]:
    """Return the layers renumbered in canonical order, every one after all that it needs."""
    order = _canonical_order(layers)
    new = {old: place for place, old in enumerate(order)}
    renumbered: list[Edges] = []
    for old in order:
        source, op, skips = layers[old]
        skipped = tuple(sorted(new[skip] for skip in skips))
        renumbered.append((None if source is None else new[source], op, skipped))
    return renumbered


def key_of(layers: Sequence[Edges]) -> str:
    """Return the digest of layers in canonical order: 32 hex digits."""
    return digest(list(layers))


def _canonical_order(layers: Sequence[Edges]) -> list[int]:
    """Of the layers that may come next, the one with the lowest canonical label does."""
    label = _labels(layers)
    needed_by: list[list[int]] = [[] for _ in layers]
    missing = [0] * len(layers)
    for number, (source, _, skips) in enumerate(layers):
        for other in {*skips} if source is None else {*skips, source}:
            needed_by[other].append(number)
            missing[number] += 1
    ready = [(label[number], number) for number, count in enumerate(missing) if not count]
    order: list[int] = []
    while ready:
        _, number = heapq.heappop(ready)
        order.append(number)
        for later in needed_by[number]:
            missing[later] -= 1
            if not missing[later]:
                heapq.heappush(ready, (label[later], later))
    return order


def _labels(layers: Sequence[Edges]) -> list[int]:
    """Return the canonical label of every layer."""
    import igraph

    colours, edges = coloured_graph(layers)
    graph = igraph.Graph(n=len(colours), edges=edges, directed=True)
    graph.vs["vertex"] = range(len(colours))
    # Ask the permuted graph who went where: what the raw permutation maps to what has changed
    # between releases of igraph.
    permuted = graph.permute_vertices(graph.canonical_permutation(color=colours))
    label = [0] * len(colours)
    for place, vertex in enumerate(permuted.vs["vertex"]):
        label[vertex] = place
    return label[: len(layers)]


def coloured_graph(layers: Sequence[Edges]) -> tuple[list[int], list[tuple[int, int]]]:
    """Vertex colours and edges: first the op of every layer, coloured, then every output.

    An input goes to the op and a skip to the output, which tells them apart.
    """
    ops = sorted({op for _, op, _ in layers})
    colours = [_OUTPUT + 1 + ops.index(op) for _, op, _ in layers] + [_OUTPUT] * len(layers)
    output = len(layers)
    edges = []
    for number, (source, _, skips) in enumerate(layers):
        edges.append((number, output + number))
        if source is not None:
            edges.append((output + source, number))
        edges += [(output + skip, output + number) for skip in skips]
    return colours, edges
