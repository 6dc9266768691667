"""An architecture as a graph of operations, for predictors that read graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class OpGraph:
    """Vertices are operations in topological order; equal architectures have equal graphs."""

    op_set: tuple[str, ...]
    """All operations of the space."""
    vertices: tuple[str, ...]
    """The operation of each vertex."""
    edges: tuple[tuple[int, int], ...]
    """Pairs (from, to) of vertices, the lower number first."""
    size: int
    """Number of vertices of the largest architecture of the space."""

    def __post_init__(self) -> None:
        if len(self.vertices) > self.size:
            raise ValueError(f"{len(self.vertices)} vertices, more than {self.size}")
        if not set(self.vertices) <= set(self.op_set):
            raise ValueError(f"not in op_set: {set(self.vertices) - set(self.op_set)}")
        if not all(0 <= start < end < len(self.vertices) for start, end in self.edges):
            raise ValueError("an edge leads from a lower vertex to a higher one")


@runtime_checkable
class GraphSpace(Protocol):
    """Interface of a space whose architectures are graphs of operations."""

    def op_graph(self, architecture: Any) -> OpGraph:
        """Return the operations and edges of the normal form of an architecture."""
