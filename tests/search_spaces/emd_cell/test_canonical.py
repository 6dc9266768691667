"""Identity: that of labelled graphs, whatever the numbers of the nodes."""

from __future__ import annotations

from itertools import combinations, permutations, product

import igraph
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.emd_cell import EmdCell, moves
from search_spaces.emd_cell.architecture import OPS

SEEDS = st.integers(0, 2**32 - 1)
FEW = ("skip_connect", "stdconv_3")
INPUTS = (1, 2, 0, 0, 0)
"""Colours of the vertices: both inputs, and the nodes."""


def isomorphic(one: EmdCell, other: EmdCell) -> bool:
    """By VF2, edges coloured by their ops: shares nothing with the normal form."""
    (a, ops_a), (b, ops_b) = _graph(one), _graph(other)
    return bool(
        a.isomorphic_vf2(b, color1=INPUTS, color2=INPUTS, edge_color1=ops_a, edge_color2=ops_b)
    )


def _graph(cell: EmdCell) -> tuple[igraph.Graph, list[int]]:
    edges = [(s, i + 2, OPS.index(op)) for i, node in enumerate(cell.nodes) for op, s in node]
    graph = igraph.Graph(n=5, edges=[edge[:2] for edge in edges], directed=True)
    return graph, [edge[2] for edge in edges]


def drawn(seed: int, ops: tuple[str, ...] = FEW) -> EmdCell:
    """A random cell of few ops, so that many nodes look alike."""
    rng = np.random.default_rng(seed)
    nodes = []
    for node in range(3):
        sources = rng.choice(2 + node, 2, replace=False)
        nodes.append([(ops[int(rng.integers(len(ops)))], int(source)) for source in sources])
    return EmdCell.of(nodes)


def in_other_orders(cell: EmdCell) -> list[EmdCell]:
    """The same network with its nodes in every order in which each has its sources before it."""
    found = []
    for order in permutations(range(3)):
        place = {0: 0, 1: 1, **{old + 2: new + 2 for new, old in enumerate(order)}}
        nodes = [[(op, place[source]) for op, source in cell.nodes[old]] for old in order]
        if all(source < i + 2 for i, node in enumerate(nodes) for _, source in node):
            found.append(EmdCell.of(nodes))
    return found


@given(SEEDS)
def test_the_order_of_nodes_means_nothing(seed: int) -> None:
    cell = drawn(seed)
    for again in in_other_orders(cell):
        assert again == cell
        assert hash(again) == hash(cell)
        assert again.canonical.nodes == cell.canonical.nodes


@given(SEEDS)
def test_the_normal_form_is_the_same_network_and_stays(seed: int) -> None:
    cell = drawn(seed, OPS)
    assert isomorphic(cell, cell.canonical)
    assert cell.canonical == cell
    assert cell.canonical.canonical.nodes == cell.canonical.nodes


def test_identity_is_that_of_graphs() -> None:
    """All cells whose first edges are skips and second ones of two ops, by another algorithm."""
    cells = [
        EmdCell.of([
            [("skip_connect", 0), (ops[0], 1)],
            [("skip_connect", one[0]), (ops[1], one[1])],
            [("skip_connect", two[0]), (ops[2], two[1])],
        ])
        for ops in product(FEW, repeat=3)
        for one in permutations(range(3), 2)
        for two in combinations(range(4), 2)
    ]  # fmt: skip
    pairs = list(combinations(cells, 2))
    assert all((a == b) == isomorphic(a, b) for a, b in pairs)
    assert any(a == b for a, b in pairs)


@given(SEEDS, SEEDS)
def test_an_edit_is_told_apart_as_by_the_other_algorithm(seed: int, pick: int) -> None:
    cell = drawn(seed)
    around = list(moves.edits(cell))
    for i in np.random.default_rng(pick).integers(len(around), size=3):
        other = around[int(i)]
        assert (other == cell) == isomorphic(other, cell)


def test_the_two_inputs_are_told_apart() -> None:
    low, high = [("stdconv_3", 0), ("dilconv_3", 1)], [("dilconv_3", 0), ("stdconv_3", 1)]
    assert EmdCell.of([low, low, low]) != EmdCell.of([high, high, high])


def test_nodes_alike_stay_two() -> None:
    """Two nodes that add the same have weights of their own."""
    same = [("stdconv_3", 0), ("dilconv_3", 1)]
    ends = [[("stdconv_3", 2), ("dilconv_3", 3)], [("stdconv_3", 2), ("dilconv_3", 0)]]
    assert EmdCell.of([same, same, ends[0]]) != EmdCell.of([same, same, ends[1]])
