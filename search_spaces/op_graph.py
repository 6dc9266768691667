"""An architecture as a graph of operations, for predictors that read graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class OpGraph:
    """Vertices are operations in topological order; equal architectures have equal graphs."""

    kinds: tuple[str, ...]
    """Every operation that a vertex of this space can be."""
    vertices: tuple[str, ...]
    """The operation of each vertex."""
    wires: tuple[tuple[int, int], ...]
    """Pairs (from, to) of vertices, the lower number first."""
    size: int
    """Vertices of the largest architecture that it is compared with."""

    def __post_init__(self) -> None:
        if len(self.vertices) > self.size:
            raise ValueError(f"{len(self.vertices)} vertices, more than {self.size}")
        if not set(self.vertices) <= set(self.kinds):
            raise ValueError(f"not among the kinds: {set(self.vertices) - set(self.kinds)}")
        if not all(0 <= start < end < len(self.vertices) for start, end in self.wires):
            raise ValueError("a wire leads from a lower vertex to a higher one")


@runtime_checkable
class GraphSpace(Protocol):
    """The door of a space whose architectures are graphs of operations."""

    def op_graph(self, architecture: Any) -> OpGraph:
        """The operations and their wires, of the normal form."""
