"""The supernet of KD-NAS-EMD's cells for pruning searches: an edge is the mean of its active ops.

In the end every edge has one op, and every node keeps two of its edges.
"""

from __future__ import annotations

from typing import Any

from search_spaces.emd_cell.architecture import (
    EDGES,
    EDGES_A_NODE,
    INPUTS,
    NODES,
    OPS,
    Edge,
    EmdCell,
    edge_label,
)
from search_spaces.emd_cell.model_space import EmdCellModelSpace
from search_spaces.emd_cell.mutables import Edges, EdgeWeights
from search_spaces.pruning import Active, ActiveChoices, PrunableSpace


class ActiveEdges(ActiveChoices, Edges):
    """The active ops of all edges; an edge without any adds nothing."""

    replaces = Edges

    @property
    def options(self) -> Active:
        """All ops of every edge; `none` is no op."""
        return {edge_label(*edge): OPS for edge in EDGES}

    def edge_weights(self) -> EdgeWeights:
        """Return the active ops by the labels of the edges."""
        return self.active


def _make_thin(space: EmdCellModelSpace) -> EmdCellModelSpace:
    """Return the same cells with one channel, for words of one number."""
    sizes = space.sizes
    return EmdCellModelSpace(
        sizes.cells, vectors=1, width=1, dropout=0.0, output=sizes.output, strict=sizes.strict
    )


def _architecture(choices: Any, active: Active) -> EmdCell:
    """Return the cell of edges with one active op or none."""
    nodes: list[list[Edge]] = [[] for _ in range(NODES)]
    for node, source in EDGES:
        nodes[node] += [Edge(op, source) for op in active[edge_label(node, source)]]
    return EmdCell(tuple(map(tuple, nodes)))


PRUNABLE = PrunableSpace(
    (ActiveEdges,),
    _make_thin,
    _architecture,
    {
        f"node_{node}": tuple(edge_label(node, source) for source in range(INPUTS + node))
        for node in range(NODES)
    },
    EDGES_A_NODE,
    per_round=3,  # as for DARTS' cells
)
