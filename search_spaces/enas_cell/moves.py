"""Sample and list neighbours. Every move gives a valid cell with as many nodes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from search_spaces.enas_cell.architecture import ACTIVATIONS, Cell, Node
from search_spaces.enas_cell.canonical import below


def sample(rng: np.random.Generator, nodes: int) -> Cell:
    """Return a random cell: predecessors and activations are uniform and independent."""
    found = []
    for number in range(1, nodes + 1):
        predecessor = int(rng.integers(1, number)) if number > 1 else 0
        found.append(Node(predecessor, ACTIVATIONS[int(rng.integers(len(ACTIVATIONS)))]))
    return Cell(tuple(found))


def neighbours(cell: Cell) -> list[Cell]:
    """Return all cells one edit away, in a fixed order: no duplicates, never itself."""
    found = {cell.canonical_key: cell}
    for edit in (change_activation, move_branch):
        for other in edit(cell.canonical):
            found.setdefault(other.canonical_key, other)
    del found[cell.canonical_key]
    return list(found.values())


def change_activation(cell: Cell) -> Iterator[Cell]:
    """Give one node another activation."""
    for i, node in enumerate(cell.nodes):
        for activation in ACTIVATIONS:
            if activation != node.activation:
                yield Cell.from_edges(_with(cell.nodes, i, node._replace(activation=activation)))


def move_branch(cell: Cell) -> Iterator[Cell]:
    """Let one node read another node, with all that depends on it."""
    for i, node in enumerate(cell.nodes[1:], start=1):
        own = below(cell.nodes, i + 1)
        for other in range(1, len(cell.nodes) + 1):
            if other not in own and other != node.predecessor:
                yield Cell.from_edges(_with(cell.nodes, i, node._replace(predecessor=other)))


def _with(nodes: tuple[Node, ...], i: int, node: Node) -> tuple[Node, ...]:
    return (*nodes[:i], node, *nodes[i + 1 :])
