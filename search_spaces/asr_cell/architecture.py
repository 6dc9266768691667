"""A cell of NAS-Bench-ASR as an immutable value: three nodes, each an operation and skips."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import Any, NamedTuple

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.core.parse_json import parse_json
from search_spaces.asr_cell.canonical import ZERO, NormalForm, normal_form
from search_spaces.values import MAX_JSON_CHARACTERS, BaseArchitecture, digest, read_json

OPS = ("linear", "conv5", "conv5d2", "conv7", "conv7d2", ZERO)
"""Operations in the order of the release's numbers; `conv7d2` has kernel 7 and dilation 2."""
NODES = 3
SPACE_SIZE = 13_824
"""Number of cells as they are written."""
DISTINCT_CELLS = 9_155
"""Number of different networks among them."""
_NAMES = tuple(f"node_{number}" for number in range(1, NODES + 1))
_FORM = '{"node_1": {"op": "conv5", "skips": [0]}, ...}'
_RELEASE_FORM = "[[1, 0], [1, 0, 0], [1, 0, 0, 0]]"
_SHOWN_CHARACTERS = 40


class AsrCellError(ArchitectureError):
    """A cell breaks a rule of the space; the message names the node and the rule."""


class Node(NamedTuple):
    """One node: the output of its op on the output before, plus its skips."""

    op: str
    skips: tuple[int, ...] = ()
    """Numbers of the earlier outputs that are added, in ascending order: 0 is the cell's input, k
    the output of node k."""


@dataclass(frozen=True, eq=False)
class AsrCell(BaseArchitecture):
    """Three nodes one after another, counted from 1; the cell's output is that of the last.

    Two are equal when they are the same network, whatever the operations that nothing reads, and
    whichever node has an operation. Raises AsrCellError.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if len(self.nodes) != NODES:
            raise AsrCellError(f"a cell has {NODES} nodes, got {len(self.nodes)}")
        for number, node in enumerate(self.nodes, start=1):
            _check(number, node)

    @classmethod
    def from_json(cls, text: str) -> AsrCell:
        """Read `{"node_1": {"op": ..., "skips": [...]}, ...}`. Raises AsrCellError."""
        value = read_json(text, "a cell", _FORM, AsrCellError)
        if set(value) != set(_NAMES):
            raise AsrCellError(f"a cell must look like {_FORM}, with {', '.join(_NAMES)}")
        return cls(tuple(_read_node(n, value[name]) for n, name in enumerate(_NAMES, start=1)))

    @classmethod
    def from_list(cls, text: str) -> AsrCell:
        """Read the release's list: of each node the number of its op, then 1 for each skip.

        Raises AsrCellError.
        """
        if len(text) > MAX_JSON_CHARACTERS:
            raise AsrCellError(f"a cell has at most {MAX_JSON_CHARACTERS:,} characters")
        try:
            # The release prints nodes as tuples too.
            value = parse_json(text.replace("(", "[").replace(")", "]"))
        except ValueError as cause:
            raise AsrCellError(f"a cell's list must look like {_RELEASE_FORM}: {cause}") from None
        return cls.from_vector(value)

    @classmethod
    def from_vector(cls, value: Any) -> AsrCell:
        """Return the cell of a list as `from_list` reads it. Raises AsrCellError."""
        nested = value if isinstance(value, list | tuple) else ()
        shape = [len(node) if isinstance(node, list | tuple) else 0 for node in nested]
        if shape != [number + 1 for number in range(1, NODES + 1)]:
            raise AsrCellError(f"a cell's list must look like {_RELEASE_FORM}")
        nodes = []
        for number, (op, *bits) in enumerate(value, start=1):
            if type(op) is not int or not 0 <= op < len(OPS):
                got = f"got {repr(op)[:_SHOWN_CHARACTERS]}"
                raise AsrCellError(f"node {number}: its op must be 0 to {len(OPS) - 1}, {got}")
            if any(type(bit) is not int or bit not in (0, 1) for bit in bits):
                got = f"got {repr(bits)[:_SHOWN_CHARACTERS]}"
                raise AsrCellError(f"node {number}: a skip must be 0 or 1, {got}")
            nodes.append(Node(OPS[op], tuple(i for i, bit in enumerate(bits) if bit)))
        return cls(tuple(nodes))

    def to_json(self) -> str:
        """Text that `from_json` reads back."""
        nodes = zip(_NAMES, self.nodes, strict=True)
        return json.dumps({name: node._asdict() for name, node in nodes})

    def to_vector(self) -> list[list[int]]:
        """Return the release's list."""
        return [
            [OPS.index(node.op), *(int(i in node.skips) for i in range(number))]
            for number, node in enumerate(self.nodes, start=1)
        ]

    @cached_property
    def normal_form(self) -> NormalForm:
        """The operations that the output depends on, and what each reads: see `canonical.py`."""
        return normal_form(self.nodes)

    @cached_property
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same network."""
        return digest(self.normal_form)

    @property
    def canonical(self) -> AsrCell:
        """The same network as it is written with the fewest operations."""
        return _shortest()[self.canonical_key]


def all_cells() -> Iterator[AsrCell]:
    """Yield all 13,824 cells as they are written, in a fixed order."""
    options = [
        [
            Node(op, tuple(i for i in range(number) if bits >> i & 1))
            for op in OPS
            for bits in range(2**number)
        ]
        for number in range(1, NODES + 1)
    ]
    return map(AsrCell, product(*options))


@cache
def _shortest() -> dict[str, AsrCell]:
    """Canonical key -> the first of the cells with the fewest operations and skips."""
    found: dict[str, AsrCell] = {}
    for cell in sorted(all_cells(), key=_length):
        found.setdefault(cell.canonical_key, cell)
    return found


def _length(cell: AsrCell) -> tuple[int, int]:
    ops = sum(node.op != ZERO for node in cell.nodes)
    return ops, sum(len(node.skips) for node in cell.nodes)


def _check(number: int, node: Node) -> None:
    """Raise AsrCellError for a node that breaks a rule."""
    if node.op not in OPS:
        known = f"known: {', '.join(OPS)}"
        raise AsrCellError(f"node {number}: unknown op {node.op[:_SHOWN_CHARACTERS]!r}; {known}")
    if list(node.skips) != sorted(set(node.skips) & set(range(number))):
        got = f"got {str(list(node.skips))[:_SHOWN_CHARACTERS]}"
        which = f"different numbers from 0 to {number - 1}, ascending"
        raise AsrCellError(f"node {number}: its skips must be {which}, {got}")


def _read_node(number: int, value: Any) -> Node:
    """Return a node of JSON with values of the right types; `_check` does the rest."""
    if not isinstance(value, dict) or set(value) != set(Node._fields):
        raise AsrCellError(f"node {number}: it must have op and skips, as in {_FORM}")
    op, skips = value["op"], value["skips"]
    if not isinstance(op, str):
        raise AsrCellError(f"node {number}: its op must be a word")
    if not isinstance(skips, list) or any(type(skip) is not int for skip in skips):
        raise AsrCellError(f"node {number}: its skips must be a list of whole numbers")
    return Node(op, tuple(skips))
