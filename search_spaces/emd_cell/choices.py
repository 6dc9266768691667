"""Cells as a flat dictionary of categorical choices, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from search_spaces.emd_cell.architecture import (
    EDGES_A_NODE,
    INPUTS,
    NODES,
    OPS,
    CellError,
    Edge,
    EmdCell,
)
from search_spaces.values import read_choice

Sample: TypeAlias = dict[str, str]


def pairs_of(node: int) -> list[tuple[int, ...]]:
    """Return the pairs of different sources that a node may read, each in ascending order."""
    return list(combinations(range(INPUTS + node), EDGES_A_NODE))


@dataclass(frozen=True)
class CellChoices:
    """All cells: which two sources every node reads, and the op of either edge.

    Labels are `inputs_i` (two sources, as in `0+2`; the first node has no choice), `op_i_0` and
    `op_i_1` (of the lower source and of the higher), nodes count from 0.
    """

    @property
    def categoricals(self) -> dict[str, list[str]]:
        """Label -> values, in the order of the nodes."""
        values: dict[str, list[str]] = {}
        for node in range(NODES):
            if node:
                values[f"inputs_{node}"] = [_text(pair) for pair in pairs_of(node)]
            for place in range(EDGES_A_NODE):
                values[f"op_{node}_{place}"] = list(OPS)
        return values

    def to_sample(self, cell: EmdCell) -> Sample:
        """Return the sample of a cell."""
        sample: Sample = {}
        for number, node in enumerate(cell.nodes):
            edges = sorted(node, key=lambda edge: edge.source)
            if number:
                sample[f"inputs_{number}"] = _text([edge.source for edge in edges])
            for place, edge in enumerate(edges):
                sample[f"op_{number}_{place}"] = edge.op
        return sample

    def from_sample(self, sample: Mapping[str, str]) -> EmdCell:
        """Return the cell of a sample; other labels are ignored. Raises CellError."""
        values = {
            label: read_choice(sample, label, of, CellError)
            for label, of in self.categoricals.items()
        }
        nodes = []
        for number in range(NODES):
            sources = values.get(f"inputs_{number}", "0+1").split("+")
            ops = [values[f"op_{number}_{place}"] for place in range(EDGES_A_NODE)]
            nodes.append(tuple(map(Edge, ops, map(int, sources))))
        return EmdCell(tuple(nodes))


def _text(sources: tuple[int, ...] | list[int]) -> str:
    return "+".join(map(str, sources))
