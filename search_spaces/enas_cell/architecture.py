"""The cell of ENAS as an immutable value: a tree of nodes, each with an activation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.enas_cell.canonical import Edges, canonical_edges, key_of
from search_spaces.values import BaseArchitecture, check_widths, read_json

ACTIVATIONS = ("tanh", "relu", "sigmoid", "identity")
MAX_NODES = 12
"""Nodes of the largest cell in the paper, which it found on Penn Treebank."""
_FORM = '{"nodes": [[0, "tanh"], [1, "relu"], ...]}'


class CellError(ArchitectureError):
    """A cell breaks a rule of the space; the message names the node and the rule."""


class Node(NamedTuple):
    """One node: the number of the node that it reads, and its activation."""

    predecessor: int
    """Counted from 1; 0 is x and the previous state, which the first node reads."""
    activation: str


@dataclass(frozen=True, eq=False)
class Cell(BaseArchitecture):
    """A recurrent cell: every node but the first reads one earlier node.

    The output is the mean of the ends: the nodes that no other node reads. Two cells are equal
    when their trees are, whatever the numbers of their nodes. Raises CellError.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.nodes) <= MAX_NODES:
            raise CellError(f"a cell has 1 to {MAX_NODES} nodes, got {len(self.nodes)}")
        for number, node in enumerate(self.nodes, start=1):
            if node.activation not in ACTIVATIONS:
                known = f"unknown activation {node.activation[:40]!r}; known: "
                raise CellError(f"node {number}: {known}{', '.join(ACTIVATIONS)}")
            if number == 1 and node.predecessor != 0:
                raise CellError("node 1: it reads x and the previous state, its predecessor is 0")
            if number > 1 and not 1 <= node.predecessor < number:
                raise CellError(
                    f"node {number}: its predecessor must be 1 to {number - 1}, "
                    f"got {str(node.predecessor)[:40]}"
                )

    @classmethod
    def from_edges(cls, edges: Edges) -> Cell:
        """Return the cell in normal form of nodes in any order: see `canonical_edges`."""
        return cls(tuple(Node(*edge) for edge in canonical_edges(edges)))

    @classmethod
    def from_json(cls, text: str) -> Cell:
        """Read `{"nodes": [[predecessor, activation], ...]}`. Raises CellError."""
        value = read_json(text, "a cell", _FORM, CellError)
        if set(value) != {"nodes"}:
            raise CellError(f"a cell must look like {_FORM}")
        nodes = value["nodes"]
        if not isinstance(nodes, list) or not all(map(_is_node, nodes)):
            raise CellError(f"a node must be a number and a word, as in {_FORM}")
        return cls(tuple(Node(*node) for node in nodes))

    def to_json(self) -> str:
        """Text that `from_json` reads back, nodes in their own order."""
        return json.dumps({"nodes": [list(node) for node in self.nodes]})

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Numbers of the nodes that no other node reads."""
        read = {node.predecessor for node in self.nodes}
        return tuple(i for i in range(1, len(self.nodes) + 1) if i not in read)

    @cached_property
    def canonical(self) -> Cell:
        """The same cell with its nodes in standard order."""
        return Cell.from_edges(self.nodes)

    @cached_property
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same cell: see `canonical.py`."""
        return key_of(self.nodes)

    def num_parameters(self, input_size: int, hidden_size: int) -> int:
        """Weights of one cell with these widths: a gate and a candidate a node, no biases."""
        check_widths(CellError, input_size=input_size, hidden_size=hidden_size)
        return 2 * hidden_size * (input_size + len(self.nodes) * hidden_size)


def _is_node(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    predecessor, activation = value
    return type(predecessor) is int and isinstance(activation, str)
