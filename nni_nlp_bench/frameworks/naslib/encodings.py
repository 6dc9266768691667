"""Architectures as NASLib's predictors read them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import EncodingKind, SearchSpace
from search_spaces.op_graph import GraphSpace, OpGraph

GCN_COLUMNS = 8
"""Columns of an operation that NASLib's GCN takes from a space of language models."""
SEMINAS_VERTICES, SEMINAS_KINDS = 25, 10
"""The largest graphs and numbers of operations that its SemiNAS takes."""
FLAT = ("ADJACENCY_ONE_HOT", "ADJACENCY_MIX", "PATH", "COMPACT")


def encoding(
    space: SearchSpace[Any], architecture: Any, kind: str, features: EncodingKind = "counts"
) -> list[float] | dict[str, Any]:
    """By the name of NASLib's EncodingType: a flat list of `features`, or a dictionary of a graph.

    Raises UserError for a kind that nobody knows and for a space whose architectures are no graphs.
    """
    if kind in FLAT:
        return [float(value) for value in space.encode(architecture, features)]
    if kind not in _GRAPHS:
        raise UserError(f"unknown encoding {kind!r}; known: {', '.join((*FLAT, *_GRAPHS))}")
    if not isinstance(space, GraphSpace):
        raise UserError(f"space {space.name!r} gives no graphs of operations, which {kind} needs")
    return _GRAPHS[kind](space.op_graph(architecture))


def _gcn(graph: OpGraph) -> dict[str, Any]:
    """Vertices beyond the architecture's own are all zero; a pool over `num_vertices` drops them.

    An operation is one of eight columns, or the binary number of its kind where there are more.
    """
    operations = np.zeros((graph.size, GCN_COLUMNS), dtype=np.float32)
    for row, kind in enumerate(graph.vertices):
        operations[row] = _columns(graph.op_set.index(kind), len(graph.op_set))
    present = np.arange(graph.size) < len(graph.vertices)
    return {
        "num_vertices": len(graph.vertices),
        "adjacency": _adjacency(graph, graph.size).astype(np.float32),
        "operations": operations,
        "mask": present.astype(np.float32),
        "val_acc": 0.0,
    }


def _columns(number: int, kinds: int) -> NDArray[np.float32]:
    code = 1 << number if kinds <= GCN_COLUMNS else number + 1
    return np.array([code >> bit & 1 for bit in range(GCN_COLUMNS)], dtype=np.float32)


def _bonas(graph: OpGraph) -> dict[str, Any]:
    """Rows read columns; a last vertex reads all others, and NASLib's BONAS reads the last."""
    size = graph.size + 1
    adjacency = _adjacency(graph, size).T + np.eye(size)
    adjacency[-1, : len(graph.vertices)] = 1
    operations = np.zeros((size, len(graph.op_set) + 1), dtype=np.float32)
    for row, kind in enumerate(graph.vertices):
        operations[row, graph.op_set.index(kind)] = 1
    operations[-1, -1] = 1
    return {"adjacency": adjacency.astype(np.float32), "operations": operations, "val_acc": 0.0}


def _seminas(graph: OpGraph) -> dict[str, Any]:
    """Operations as numbers. Raises UserError for graphs that are too large for it."""
    if len(graph.vertices) > SEMINAS_VERTICES or len(graph.op_set) > SEMINAS_KINDS:
        raise UserError(
            f"NASLib's SemiNAS takes graphs of up to {SEMINAS_VERTICES} vertices of "
            f"{SEMINAS_KINDS} kinds, not {len(graph.vertices)} of {len(graph.op_set)}"
        )
    return {
        "num_vertices": len(graph.vertices),
        "adjacency": _adjacency(graph, len(graph.vertices)).astype(int).tolist(),
        "operations": [graph.op_set.index(kind) for kind in graph.vertices],
        "val_acc": 0.0,
    }


def _adjacency(graph: OpGraph, size: int) -> NDArray[np.float64]:
    adjacency = np.zeros((size, size))
    for start, end in graph.edges:
        adjacency[start, end] = 1
    return adjacency


_GRAPHS = {"GCN": _gcn, "BONAS": _bonas, "SEMINAS": _seminas}
