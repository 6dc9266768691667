"""Encodings of architectures for NASLib's predictors."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace
from search_spaces.op_graph import GraphSpace, OpGraph

GCN_COLUMNS = 8
"""Number of columns per operation in NASLib's GCN for language models."""
SEMINAS_VERTICES, SEMINAS_KINDS = 25, 10
"""Largest number of vertices and of operations in NASLib's SemiNAS."""
FlatContent = Literal["counts", "flat", "all"]
"""Content of flat encodings: an encoding of the space, or all of `SearchSpace.features`."""
FLAT = ("ADJACENCY_ONE_HOT", "ADJACENCY_MIX", "PATH", "COMPACT")


def encoding(
    space: SearchSpace[Any], architecture: Any, kind: str, features: FlatContent = "counts"
) -> list[float] | dict[str, Any]:
    """Return an encoding of an architecture.

    Args:
        space: Search space of the architecture.
        architecture: Architecture to encode.
        kind: Name of a member of NASLib's EncodingType.
        features: Content of flat encodings.

    Returns:
        A flat list, or a dictionary of a graph.

    Raises:
        UserError: the encoding is unknown, or architectures of the space are not graphs.
    """
    if kind in FLAT:
        if features == "all":
            return [float(value) for value in space.features([architecture])[0]]
        return [float(value) for value in space.encode(architecture, features)]
    if kind not in _GRAPHS:
        raise UserError(f"unknown encoding {kind!r}; known: {', '.join((*FLAT, *_GRAPHS))}")
    graphs = space.unwrapped
    if not isinstance(graphs, GraphSpace):
        raise UserError(
            f"{kind} needs graphs of operations, which space {space.name!r} does not have"
        )
    return _GRAPHS[kind](graphs.op_graph(architecture))


def _gcn(graph: OpGraph) -> dict[str, Any]:
    """Return the encoding for GCN, padded with zero vertices that its pooling ignores.

    Operations are one-hot encoded, or binary if there are more than eight.
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
    """Return the encoding for BONAS: transposed, with a global last vertex, which BONAS reads."""
    size = graph.size + 1
    adjacency = _adjacency(graph, size).T + np.eye(size)
    adjacency[-1, : len(graph.vertices)] = 1
    operations = np.zeros((size, len(graph.op_set) + 1), dtype=np.float32)
    for row, kind in enumerate(graph.vertices):
        operations[row, graph.op_set.index(kind)] = 1
    operations[-1, -1] = 1
    return {"adjacency": adjacency.astype(np.float32), "operations": operations, "val_acc": 0.0}


def _seminas(graph: OpGraph) -> dict[str, Any]:
    """Return the encoding for SemiNAS. Raises UserError for graphs that are too large."""
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
