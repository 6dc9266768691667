"""The cell of KD-NAS-EMD as an immutable value: nodes that add up two edges each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.emd_cell.canonical import canonical_nodes, key_of
from search_spaces.values import BaseArchitecture, read_json

OPS = (
    "stdconv_3",
    "stdconv_5",
    "stdconv_7",
    "skip_connect",
    "avg_pool_3x3",
    "max_pool_3x3",
    "dilconv_3",
    "dilconv_5",
    "dilconv_7",
)
"""Operations in the order of the release. Its pools named 3x3 have a width of 3."""
NONE = "none"
"""The release's last op: no edge. Only mixtures have it."""
INPUTS = 2
"""Sources 0 and 1 are the outputs of the cell before the last and of the last; 2 + j is node j."""
NODES = 3
EDGES = tuple((node, source) for node in range(NODES) for source in range(INPUTS + node))
"""All edges that a cell may have: the number of the node, and the source that it reads."""
EDGES_A_NODE = 2
_FORM = '{"nodes": [[["stdconv_5", 0], ["dilconv_3", 1]], ...]}'
_SHOWN_CHARACTERS = 40


class CellError(ArchitectureError):
    """A cell breaks a rule of the space; the message names the node and the rule."""


class Edge(NamedTuple):
    """A summand of a node: an op, and the source that it reads."""

    op: str
    source: int


Node = tuple[Edge, ...]


@dataclass(frozen=True, eq=False)
class EmdCell(BaseArchitecture):
    """Three nodes, counted from 0; the output has the channels of all three.

    Two cells are equal when they are the same network, whatever the numbers of their nodes and the
    order of the edges of a node. Raises CellError.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if len(self.nodes) != NODES:
            raise CellError(f"a cell has {NODES} nodes, got {len(self.nodes)}")
        for number, node in enumerate(self.nodes):
            _check(number, node)

    @classmethod
    def of(cls, nodes: Any) -> EmdCell:
        """Return the cell of lists or tuples: of every node its edges, each an op and a source.

        Raises CellError.
        """
        if not _is_row(nodes):
            raise CellError(f"the nodes of a cell must be a list, as in {_FORM}")
        return cls(tuple(_read_node(number, node) for number, node in enumerate(nodes)))

    @classmethod
    def from_json(cls, text: str) -> EmdCell:
        """Read `{"nodes": [[[op, source], [op, source]], ...]}`. Raises CellError."""
        value = read_json(text, "a cell", _FORM, CellError)
        if set(value) != {"nodes"}:
            raise CellError(f"a cell must look like {_FORM}")
        return cls.of(value["nodes"])

    def to_json(self) -> str:
        """Text that `from_json` reads back, nodes and edges in their own order."""
        return json.dumps({"nodes": self.nodes})

    @cached_property
    def canonical(self) -> EmdCell:
        """The same network with its nodes and edges in standard order."""
        return EmdCell(tuple(tuple(Edge(*edge) for edge in node) for node in self._canonical_nodes))

    @cached_property
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same network: see `canonical.py`."""
        return key_of(self._canonical_nodes)

    @cached_property
    def _canonical_nodes(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        return canonical_nodes(self.nodes)


def edge_label(node: int, source: int) -> str:
    """Return the name of an edge: its source, and the source that its node is to others."""
    return f"edge_{source}_{INPUTS + node}"


def _check(number: int, node: Node) -> None:
    """Raise CellError for a node that breaks a rule."""
    if len(node) != EDGES_A_NODE:
        raise CellError(f"node {number}: it has {EDGES_A_NODE} edges, got {len(node)}")
    for op, source in node:
        if op not in OPS:
            known = f"known: {', '.join(OPS)}"
            raise CellError(f"node {number}: unknown op {op[:_SHOWN_CHARACTERS]!r}; {known}")
        last = INPUTS + number - 1
        if not 0 <= source <= last:
            got = f"got {str(source)[:_SHOWN_CHARACTERS]}"
            raise CellError(f"node {number}: a source must be 0 to {last}, {got}")
    if len({source for _, source in node}) != EDGES_A_NODE:
        raise CellError(f"node {number}: its sources must differ, got {node[0].source} twice")


def _read_node(number: int, value: Any) -> Node:
    """Return the edges of a node with values of the right types; `_check` does the rest."""
    if not _is_row(value) or not all(_is_row(edge) and len(edge) == 2 for edge in value):
        raise CellError(f"node {number}: its edges must be pairs of an op and a source")
    for op, source in value:
        if not isinstance(op, str):
            raise CellError(f"node {number}: an op must be a word")
        if type(source) is not int:
            raise CellError(f"node {number}: a source must be a whole number")
    return tuple(Edge(*edge) for edge in value)


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple)
