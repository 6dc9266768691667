"""Identity: that of coloured graphs, whatever the order of the layers."""

from __future__ import annotations

from itertools import combinations, product

import igraph
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.textnas import Arc, Layer, moves
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.canonical import Edges

# Few ops, so that many layers look alike.
ALIKE = st.builds(
    lambda seed, layers, rate: moves.sample(
        np.random.default_rng(seed), layers, 4, OPS[:2], skip_rate=rate
    ),
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.sampled_from([0.05, 0.3, 0.5]),
)
INPUT, SKIP, BOTH = 1, 2, 3


def isomorphic(one: Arc, other: Arc) -> bool:
    """By VF2 on one vertex a layer, edges coloured: shares nothing with the normal form."""
    (a, ops_a, wires_a), (b, ops_b, wires_b) = _graph(one), _graph(other)
    if len(ops_a) != len(ops_b) or len(wires_a) != len(wires_b):
        return False
    return bool(
        a.isomorphic_vf2(
            b, color1=ops_a, color2=ops_b, edge_color1=wires_a, edge_color2=wires_b
        )
    )  # fmt: skip


def _graph(arc: Arc) -> tuple[igraph.Graph, list[int], list[int]]:
    edges: dict[tuple[int, int], int] = {}
    for number, layer in enumerate(arc.layers):
        source = arc.source(number)
        if source is not None:
            edges[source, number] = INPUT
        for skip in layer.skips:
            edges[skip, number] = BOTH if edges.get((skip, number)) else SKIP
    graph = igraph.Graph(n=len(arc.layers), edges=list(edges), directed=True)
    return graph, [OPS.index(layer.op) for layer in arc.layers], list(edges.values())


def arc_of(edges: list[Edges]) -> Arc:
    return Arc(
        tuple(
            Layer(0 if source is None else number - 1 - source, op, tuple(sorted(skips)))
            for number, (source, op, skips) in enumerate(edges)
        )
    )


def in_other_order(arc: Arc, rng: np.random.Generator) -> Arc:
    """The same network with its layers in a random order in which each has what it needs."""
    edges = arc.edges
    new: dict[int, int] = {}
    while len(new) < len(edges):
        ready = [
            number
            for number, (source, _, skips) in enumerate(edges)
            if number not in new and all(i in new for i in (source, *skips) if i is not None)
        ]
        new[ready[int(rng.integers(len(ready)))]] = len(new)
    return arc_of([
        (None if source is None else new[source], op, tuple(new[skip] for skip in skips))
        for source, op, skips in (edges[old] for old in new)
    ])  # fmt: skip


@given(ALIKE, st.integers(0, 2**32 - 1))
def test_the_order_of_layers_means_nothing(arc: Arc, seed: int) -> None:
    again = in_other_order(arc, np.random.default_rng(seed))
    assert again == arc
    assert hash(again) == hash(arc)
    assert again.canonical.layers == arc.canonical.layers


@given(ALIKE)
def test_the_normal_form_is_the_same_network_and_stays(arc: Arc) -> None:
    assert isomorphic(arc, arc.canonical)
    assert arc.canonical == arc
    assert arc.canonical.canonical.layers == arc.canonical.layers


def test_identity_is_that_of_coloured_graphs() -> None:
    """All architectures of three layers with two ops, told apart by another algorithm."""
    arcs = [
        Arc((
            Layer(0, ops[0]),
            Layer(0, ops[1], (0,) * first),
            Layer(distance, ops[2], skips),
        ))
        for ops in product(OPS[:2], repeat=3)
        for first in (0, 1)
        for distance in (0, 1)
        for skips in ((), (0,), (1,), (0, 1))
    ]  # fmt: skip
    pairs = list(combinations(arcs, 2))
    assert all((a == b) == isomorphic(a, b) for a, b in pairs)
    assert any(a == b for a, b in pairs)


@given(ALIKE, st.integers(0, 2**32 - 1))
def test_an_edit_is_told_apart_as_by_the_other_algorithm(arc: Arc, seed: int) -> None:
    rng = np.random.default_rng(seed)
    around = list(moves.edits(arc, 4, OPS[:2]))
    for i in rng.integers(len(around), size=3):
        number, layer = around[int(i)]
        other = Arc((*arc.layers[:number], layer, *arc.layers[number + 1 :]))
        assert (other == arc) == isomorphic(other, arc)


def test_an_input_and_a_skip_are_told_apart() -> None:
    first = Layer(0, "gru"), Layer(0, "gru")
    assert Arc((*first, Layer(0, "gru", (0,)))) != Arc((*first, Layer(1, "gru", (1,))))


def test_layers_alike_stay_two() -> None:
    """Two GRUs that read the same have weights of their own."""
    twice = Arc((Layer(0, "conv1"), Layer(0, "gru"), Layer(1, "gru"), Layer(0, "conv1", (1,))))
    once = Arc((Layer(0, "conv1"), Layer(0, "gru"), Layer(1, "gru"), Layer(0, "conv1", (2,))))
    assert twice != once
