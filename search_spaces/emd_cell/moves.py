"""Sample and list neighbours. Every move gives a valid cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from search_spaces.emd_cell.architecture import INPUTS, NODES, OPS, Edge, EmdCell
from search_spaces.emd_cell.canonical import orders
from search_spaces.emd_cell.choices import pairs_of


def sample(rng: np.random.Generator) -> EmdCell:
    """Pairs of sources and ops drawn evenly and independently."""
    nodes = []
    for number in range(NODES):
        pairs = pairs_of(number)
        sources = pairs[int(rng.integers(len(pairs)))]
        nodes.append(tuple(Edge(OPS[int(rng.integers(len(OPS)))], source) for source in sources))
    return EmdCell(tuple(nodes))


def neighbours(cell: EmdCell) -> list[EmdCell]:
    """Return all cells one edit away, in a fixed order: no duplicates, never itself.

    They are the same for equal cells: edits of every order of the nodes count, as which nodes one
    may read depends on it.
    """
    found = {cell.canonical_key: cell}
    for nodes in sorted(set(orders(cell.nodes))):
        for other in edits(EmdCell(tuple(tuple(Edge(*edge) for edge in node) for node in nodes))):
            found.setdefault(other.canonical_key, other)
    del found[cell.canonical_key]
    return list(found.values())


def edits(cell: EmdCell) -> Iterator[EmdCell]:
    """Give one edge another op or another source, nodes as they stand."""
    for number, node in enumerate(cell.nodes):
        for place, edge in enumerate(node):
            others = [edge._replace(op=op) for op in OPS if op != edge.op]
            taken = {source for _, source in node}
            free = (source for source in range(INPUTS + number) if source not in taken)
            for other in (*others, *(edge._replace(source=source) for source in free)):
                edges = (*node[:place], other, *node[place + 1 :])
                yield EmdCell((*cell.nodes[:number], edges, *cell.nodes[number + 1 :]))
