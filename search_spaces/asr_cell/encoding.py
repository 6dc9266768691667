"""Features of a cell for surrogates and predictors, all of its normal form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search_spaces.asr_cell.architecture import NODES, OPS, AsrCell
from search_spaces.asr_cell.canonical import ZERO
from search_spaces.base import EncodingKind
from search_spaces.op_graph import OpGraph

_KINDS = tuple(op for op in OPS if op != ZERO)
_INPUT, _OUTPUT = "input", "output"
_COLUMNS = len(_KINDS) + NODES + 1


def encode(cell: AsrCell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
    """Return features, different for different cells in `flat` and `graph`.

    `graph`: operations and the output, in rows x 9 = the kind one-hot (the output has none), and
    how often it reads the cell's input and the first, second and third operation. `flat`: the rows
    of three operations, 0 where there is none, then that of the output without its kind. `counts`:
    how often each kind comes, how long the longest and the shortest path from input to output is,
    in operations, and how often operations and output read the input and operations.
    """
    rows = _rows(cell)
    if kind == "graph":
        return rows
    if kind == "counts":
        kinds, reads = rows[:, : len(_KINDS)], rows[:, len(_KINDS) :]
        sums = [reads[:-1, 0], reads[-1:, 0], reads[:-1, 1:], reads[-1:, 1:]]
        return np.array([*kinds.sum(0), *_path_lengths(cell), *(part.sum() for part in sums)])
    flat = np.zeros((NODES, _COLUMNS))
    flat[: len(rows) - 1] = rows[:-1]
    return np.concatenate([flat.ravel(), rows[-1, len(_KINDS) :]])


def op_graph(cell: AsrCell) -> OpGraph:
    """Return input, operations and output, with an edge for what is read, however often."""
    ops, output = cell.normal_form
    vertices = (_INPUT, *(op for op, _ in ops), _OUTPUT)
    reads = [*(read for _, read in ops), output]
    edges = tuple(
        (start, end)
        for end, read in enumerate(reads, start=1)
        for start, times in enumerate(read)
        if times
    )
    return OpGraph((_INPUT, *_KINDS, _OUTPUT), vertices, edges, NODES + 2)


def _rows(cell: AsrCell) -> NDArray[np.float64]:
    ops, output = cell.normal_form
    rows = [[*(op == kind for kind in _KINDS), *_padded(read)] for op, read in ops]
    return np.array([*rows, [*[False] * len(_KINDS), *_padded(output)]], dtype=np.float64)


def _padded(read: Sequence[int]) -> list[int]:
    return [*read, *[0] * (NODES + 1 - len(read))]


def _path_lengths(cell: AsrCell) -> tuple[int, int]:
    """Return the numbers of operations on the longest and shortest path; -1 if there is none."""
    ops, output = cell.normal_form
    lengths: list[set[int]] = [{0}]
    for _, read in ops:
        lengths.append({length + 1 for length in _lengths(lengths, read)})
    found = _lengths(lengths, output)
    return max(found, default=-1), min(found, default=-1)


def _lengths(lengths: Sequence[set[int]], read: Sequence[int]) -> set[int]:
    """Return the lengths of all paths to what is read."""
    return {length for of, times in zip(lengths, read, strict=False) if times for length in of}
