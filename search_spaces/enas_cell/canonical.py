"""The normal form of a cell: its tree, with the branches of every node in one order.

Two cells are the same when their rooted trees of activations are isomorphic: every node has weights
of its own, so that its number means nothing (A. Aho, J. Hopcroft, J. Ullman, The Design and
Analysis of Computer Algorithms, 1974, section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces.values import digest

Edge = tuple[int, str]
"""The number of a node's parent, counted from 1 (0 for the root), and its activation."""
Edges = Sequence[Edge]


def canonical_edges(edges: Edges) -> list[Edge]:
    """The tree in depth-first order, branches sorted; parents may stand after their children."""
    branches = _branches(edges)
    texts: dict[int, str] = {}
    _describe(edges, branches, 1 + [parent for parent, _ in edges].index(0), texts)
    order: list[Edge] = []
    waiting = [(0, node) for node in branches[0]]
    while waiting:
        parent, node = waiting.pop()
        order.append((parent, edges[node - 1][1]))
        own = len(order)
        waiting += [(own, child) for child in sorted(branches[node], key=texts.__getitem__)[::-1]]
    return order


def key_of(edges: Edges) -> str:
    """Return the digest of the normal form: 32 hex digits."""
    return digest(canonical_edges(edges))


def below(edges: Edges, node: int) -> set[int]:
    """Return the numbers of a node and of all nodes that depend on it."""
    branches = _branches(edges)
    found, waiting = {node}, [node]
    while waiting:
        children = branches[waiting.pop()]
        found.update(children)
        waiting += children
    return found


def _branches(edges: Edges) -> list[list[int]]:
    """Children of every node; those of 0 are the root alone."""
    children: list[list[int]] = [[] for _ in range(len(edges) + 1)]
    for node, (parent, _) in enumerate(edges, start=1):
        children[parent].append(node)
    return children


def _describe(edges: Edges, branches: list[list[int]], node: int, texts: dict[int, str]) -> str:
    """Return the text of the subtree at a node, the same for isomorphic ones; fills `texts`."""
    inner = sorted(_describe(edges, branches, child, texts) for child in branches[node])
    texts[node] = f"{edges[node - 1][1]}({','.join(inner)})"
    return texts[node]
