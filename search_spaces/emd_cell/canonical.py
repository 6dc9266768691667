"""The normal form of a cell: of all orders in which its nodes may stand, the first.

Two cells are the same when one becomes the other by renumbering nodes. The order of the nodes in
the output means nothing: all that follows has a learned weight for each of their channels. The two
inputs are outputs of different cells and keep their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from search_spaces.values import digest

Edge = tuple[str, int]
"""An op, and the source that it reads."""
Nodes = tuple[tuple[Edge, ...], ...]

_INPUTS = 2


def canonical_nodes(nodes: Sequence[Sequence[Edge]]) -> Nodes:
    """Return the nodes in canonical order, the edges of each sorted."""
    return min(orders(nodes))


def orders(nodes: Sequence[Sequence[Edge]]) -> Iterator[Nodes]:
    """The cell in every order in which each node stands after its sources, edges sorted."""
    for order in permutations(range(len(nodes))):
        new = [0, 1, *(_INPUTS + order.index(old) for old in range(len(nodes)))]
        moved = tuple(tuple(sorted((op, new[source]) for op, source in nodes[i])) for i in order)
        if all(s < _INPUTS + number for number, node in enumerate(moved) for _, s in node):
            yield moved


def key_of(nodes: Nodes) -> str:
    """Return the digest of nodes in canonical order: 32 hex digits."""
    return digest(nodes)
