"""Layout of a picture of a cell: columns from left to right, heights within them.

A layered drawing (Sugiyama, Tagawa & Toda, 1981). A vertex is a value in one column: the
column where it is computed, or one that its edge crosses before a later reader. All edges of one
value share these vertices. Results are in the last column.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import fmean

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.validity import topological_order

Vertex = tuple[str, int]
"""Name of a value and a column that it is computed in or passes."""
Edge = tuple[Vertex, Vertex]

_SHUFFLES = 10
_ORDER_SWEEPS = 12
_HEIGHT_SWEEPS = 100
_NODE_SPACE = 1.0
_WIRE_SPACE = 0.55
_STRAIGHTNESS = 6.0
"""Weight of straight edges relative to nodes that face their neighbours."""


@dataclass(frozen=True)
class Layout:
    """Columns are numbered from 0, the sources', to `last`, the results'."""

    column: dict[str, int]
    """The column where each value is computed; 0 for sources."""
    last: int
    height: dict[Vertex, float]
    """Downwards; nodes of a column are at least 1 apart, edges about half of that."""


def arrange(recipe: Recipe) -> Layout:
    """Return a layout: columns by depth, few crossings, straight edges."""
    column = _columns(recipe)
    last = 1 + max(column.values())
    ways = {name: list(range(column[name], end + 1)) for name, end in _ends(recipe, column).items()}
    edges = [((name, a), (name, b)) for name, way in ways.items() for a, b in pairwise(way)]
    for node in recipe.nodes:
        own = column[node.name]
        edges += [((name, own - 1), (node.name, own)) for name in node.inputs]
    layers: list[list[Vertex]] = [[] for _ in range(last + 1)]
    for name, way in ways.items():
        for place in way:
            layers[place].append((name, place))
    layers = _with_few_crossings(layers, edges)
    real = {(name, place) for name, place in column.items()} | set(layers[last])
    return Layout(column, last, _heights(layers, edges, real))


def _columns(recipe: Recipe) -> dict[str, int]:
    """Depth, but a node whose readers are far off moves towards them where that shortens edges."""
    inputs = {node.name: node.inputs for node in recipe.nodes}
    order = topological_order(inputs)
    column = dict.fromkeys(recipe.sources, 0)
    for name in order:
        column[name] = 1 + max(column[source] for source in inputs[name])
    for name in reversed(order):
        readers = [column[node.name] for node in recipe.nodes if name in node.inputs]
        if readers:
            places = range(column[name], min(readers))
            column[name] = min(places, key=lambda p: _wire_length(recipe, column | {name: p}))
    return column


def _ends(recipe: Recipe, column: Mapping[str, int]) -> dict[str, int]:
    """Return the last column that each value passes before the node that reads it."""
    ends = dict(column)
    for node in recipe.nodes:
        for source in node.inputs:
            ends[source] = max(ends[source], column[node.name] - 1)
    for i in range(recipe.hidden_states):
        ends[f"h_new_{i}"] = 1 + max(column.values())
    return ends


def _wire_length(recipe: Recipe, column: Mapping[str, int]) -> int:
    return sum(end - column[name] for name, end in _ends(recipe, column).items())


def _with_few_crossings(layers: list[list[Vertex]], edges: Sequence[Edge]) -> list[list[Vertex]]:
    """Return the best of several descents: from the order given and from shuffled ones."""
    shuffled = random.Random(0)
    starts = [[shuffled.sample(layer, len(layer)) for layer in layers] for _ in range(_SHUFFLES)]
    orders = [_untangled(start, edges) for start in (layers, *starts)]
    return min(orders, key=lambda order: count_crossings(order, edges))


def _untangled(layers: list[list[Vertex]], edges: Sequence[Edge]) -> list[list[Vertex]]:
    """Barycentre sweeps to and fro, each with exchanges of neighbours; the best order is kept."""
    before, after = _neighbours(edges)
    place = {vertex: p for layer in layers for p, vertex in enumerate(layer)}
    layers = [list(layer) for layer in layers]
    best, fewest = [list(layer) for layer in layers], count_crossings(layers, edges)
    for sweep in range(_ORDER_SWEEPS):
        forwards = sweep % 2 == 0
        beside = before if forwards else after
        for i in range(len(layers)) if forwards else reversed(range(len(layers))):
            layers[i] = _by_barycentre(layers[i], beside, place)
            _exchange_neighbours(layers, i, edges)
            place.update({vertex: p for p, vertex in enumerate(layers[i])})
        crossings = count_crossings(layers, edges)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _by_barycentre(
    layer: Sequence[Vertex], beside: Mapping[Vertex, Sequence[Vertex]], place: Mapping[Vertex, int]
) -> list[Vertex]:
    """Ordered by the mean place of the neighbours on one side; without any, by the own place."""
    return sorted(
        layer,
        key=lambda vertex: (
            fmean(place[n] for n in beside[vertex]) if beside[vertex] else place[vertex]
        ),
    )


def _exchange_neighbours(layers: list[list[Vertex]], i: int, edges: Sequence[Edge]) -> None:
    touching = [(a, b) for a, b in edges if i in (a[1], b[1])]
    layer = layers[i]
    fewest = count_crossings(layers, touching)
    for p in range(len(layer) - 1):
        layer[p], layer[p + 1] = layer[p + 1], layer[p]
        crossings = count_crossings(layers, touching)
        if crossings < fewest:
            fewest = crossings
        else:
            layer[p], layer[p + 1] = layer[p + 1], layer[p]


def count_crossings(layers: Sequence[Sequence[Vertex]], edges: Sequence[Edge]) -> int:
    """Return the number of pairs of edges that cross between neighbouring columns."""
    place = {vertex: p for layer in layers for p, vertex in enumerate(layer)}
    return sum(
        a[1] == c[1] and (place[a] - place[c]) * (place[b] - place[d]) < 0
        for (a, b), (c, d) in combinations(edges, 2)
    )


def _heights(
    layers: Sequence[Sequence[Vertex]], edges: Sequence[Edge], real: set[Vertex]
) -> dict[Vertex, float]:
    before, after = _neighbours(edges)
    height = {vertex: float(p) for layer in layers for p, vertex in enumerate(layer)}
    for sweep in range(_HEIGHT_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted, weights = [], []
            for vertex in layer:
                beside = [*before[vertex], *after[vertex]]
                pulls = [1.0 if vertex in real or n in real else _STRAIGHTNESS for n in beside]
                total = sum(pull * height[n] for pull, n in zip(pulls, beside, strict=True))
                wanted.append(total / sum(pulls))
                weights.append(sum(pulls))
            gaps = [
                (_NODE_SPACE if a in real else _WIRE_SPACE) / 2
                + (_NODE_SPACE if b in real else _WIRE_SPACE) / 2
                for a, b in pairwise(layer)
            ]
            height.update(zip(layer, _spread(wanted, weights, gaps), strict=True))
    return height


def _spread(
    wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]
) -> list[float]:
    """Heights nearest to the wanted ones that keep their order and the gaps between them.

    Weighted isotonic regression of what is left without the gaps, by pooling adjacent violators.
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # height, weight, members
    for height, weight, offset in zip(wanted, weights, offsets, strict=True):
        pool = (height - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            other = pools.pop()
            both = pool[1] + other[1]
            mean = (pool[0] * pool[1] + other[0] * other[1]) / both
            pool = (mean, both, pool[2] + other[2])
        pools.append(pool)
    level = [height for height, _, members in pools for _ in range(members)]
    return [height + offset for height, offset in zip(level, offsets, strict=True)]


def _neighbours(
    edges: Iterable[Edge],
) -> tuple[dict[Vertex, list[Vertex]], dict[Vertex, list[Vertex]]]:
    before: dict[Vertex, list[Vertex]] = {}
    after: dict[Vertex, list[Vertex]] = {}
    for a, b in edges:
        for vertex in (a, b):
            before.setdefault(vertex, [])
            after.setdefault(vertex, [])
        before[b].append(a)
        after[a].append(b)
    return before, after
