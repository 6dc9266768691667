"""The hash by which the release of NAS-Bench-ASR finds a cell in its files.

It is the hash of a graph of operations, and no identity of networks. In the graph a skip to node k
is an edge to what reads node k, so that what arrives through two skips is lost, and what arrives
twice counts once. Of the 8,242 hashes, 242 stand for several networks; some networks have several.

Source: github.com/SamsungLabs/nb-asr, release 1.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import md5

from search_spaces.asr_cell.architecture import NODES, OPS, AsrCell
from search_spaces.asr_cell.canonical import ZERO

_INPUT, _OUTPUT = 0, NODES + 1
_INPUT_LABEL, _OUTPUT_LABEL = -1, -2
Edges = set[tuple[int, int]]


def release_hash(cell: AsrCell) -> str:
    """Return the hash: 32 hex digits."""
    edges = _edges(cell)
    vertices = sorted(
        _reached(edges, _INPUT, forwards=True) & _reached(edges, _OUTPUT, forwards=False)
    )
    edges = {(start, end) for start, end in edges if start in vertices and end in vertices}
    before = {v: [start for start, end in edges if end == v] for v in vertices}
    after = {v: [end for start, end in edges if start == v] for v in vertices}
    hashes = {
        v: _md5(str((float(len(after[v])), float(len(before[v])), _label(cell, v))))
        for v in vertices
    }
    for _ in vertices:
        hashes = {
            v: _md5(f"{_joined(hashes, before[v])}|{_joined(hashes, after[v])}|{hashes[v]}")
            for v in vertices
        }
    return _md5(str(sorted(hashes.values())))


def _edges(cell: AsrCell) -> Edges:
    """Return the edges of the graph whose vertices are input, ops and output."""
    edges = {(vertex, vertex + 1) for vertex in range(_OUTPUT)}
    for number, node in enumerate(cell.nodes, start=1):
        edges |= {(skip, number + 1) for skip in node.skips}
    zeros = {number for number, node in enumerate(cell.nodes, start=1) if node.op == ZERO}
    return {(start, end) for start, end in edges if not {start, end} & zeros}


def _reached(edges: Edges, vertex: int, *, forwards: bool) -> set[int]:
    """Return the vertices to which a path leads, itself included."""
    steps = edges if forwards else {(end, start) for start, end in edges}
    reached = {vertex}
    for _ in range(_OUTPUT):
        reached |= {end for start, end in steps if start in reached}
    return reached


def _label(cell: AsrCell, vertex: int) -> int:
    ends = {_INPUT: _INPUT_LABEL, _OUTPUT: _OUTPUT_LABEL}
    return ends[vertex] if vertex in ends else OPS.index(cell.nodes[vertex - 1].op)


def _joined(hashes: dict[int, str], vertices: Iterable[int]) -> str:
    return "".join(sorted(hashes[vertex] for vertex in vertices))


def _md5(text: str) -> str:
    # A name of a class, not a protection.
    return md5(text.encode(), usedforsecurity=False).hexdigest()
