"""The normal form of a cell: what its output is, in terms of its input and its operations.

An output of a node is a sum of the cell's input and of outputs of operations, each some number of
times; so is what an operation reads. Operations that the output does not depend on are left out,
and the others renumbered. Two of one kind that read the same stay two: each has weights of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

ZERO = "zero"
"""The operation whose output is 0."""

Sum = tuple[int, ...]
"""How often the cell's input (column 0) and the output of each operation (1, 2, ...) are added."""
NormalForm = tuple[tuple[tuple[str, Sum], ...], Sum]
"""Kind and input of each operation, after those that it reads, and the output of the cell."""


def normal_form(nodes: Sequence[tuple[str, tuple[int, ...]]]) -> NormalForm:
    """Return the normal form of nodes, given as op and numbers of the outputs that it adds."""
    return min(_renumbered(nodes, _outputs(nodes)))


def needed_ops(nodes: Sequence[tuple[str, tuple[int, ...]]]) -> list[int]:
    """Return the numbers of the nodes, from 1, whose operations the output depends on."""
    return _needed(_outputs(nodes))


def _outputs(nodes: Sequence[tuple[str, tuple[int, ...]]]) -> list[Sum]:
    """Return the cell's input and the output of each node, in terms of all operations."""
    outputs: list[Sum] = [(1,) + (0,) * len(nodes)]
    for number, (op, skips) in enumerate(nodes, start=1):
        output = [0] * (len(nodes) + 1)
        output[number] = int(op != ZERO)
        for skip in skips:
            output = [a + b for a, b in zip(output, outputs[skip], strict=True)]
        outputs.append(tuple(output))
    return outputs


def _renumbered(
    nodes: Sequence[tuple[str, tuple[int, ...]]], outputs: Sequence[Sum]
) -> Iterator[NormalForm]:
    """Yield the cell for each order of the needed operations that puts none before its inputs."""
    for order in permutations(_needed(outputs)):
        columns = (0, *order)
        read = [tuple(outputs[number - 1][column] for column in columns) for number in order]
        if not any(any(terms[place:]) for place, terms in enumerate(read, start=1)):
            kinds = (nodes[number - 1][0] for number in order)
            yield tuple(zip(kinds, read, strict=True)), tuple(outputs[-1][c] for c in columns)


def _needed(outputs: Sequence[Sum]) -> list[int]:
    """Return the numbers of the operations that the last output depends on, ascending."""
    needed: list[int] = []
    for number in range(len(outputs) - 1, 0, -1):
        readers = (outputs[-1], *(outputs[other - 1] for other in needed))
        if any(read[number] for read in readers):
            needed.insert(0, number)
    return needed
