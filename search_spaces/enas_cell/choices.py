"""Cells of one size as a flat dictionary of categorical choices, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from search_spaces.enas_cell.architecture import ACTIVATIONS, MAX_NODES, Cell, CellError, Node
from search_spaces.values import read_choice

Value: TypeAlias = int | str
Sample: TypeAlias = dict[str, Value]

DEFAULT_NODES = 8


def check_nodes(nodes: int) -> None:
    """Raise CellError for a number of nodes that no cell has."""
    if not 1 <= nodes <= MAX_NODES:
        raise CellError(f"nodes must be 1 to {MAX_NODES}, got {nodes}")


@dataclass(frozen=True)
class CellChoices:
    """All cells with one number of nodes: what each reads, and its activation.

    Labels are `input_i` and `activation_i`, nodes count from 1. The first node reads x and the
    previous state and the second reads the first: neither has a choice of input.
    """

    nodes: int = DEFAULT_NODES

    def __post_init__(self) -> None:
        check_nodes(self.nodes)

    @property
    def categoricals(self) -> dict[str, list[Value]]:
        """Label -> values, in the order of the nodes."""
        values: dict[str, list[Value]] = {}
        for number in range(1, self.nodes + 1):
            if number > 2:
                values[f"input_{number}"] = list(range(1, number))
            values[f"activation_{number}"] = list(ACTIVATIONS)
        return values

    def to_sample(self, cell: Cell) -> Sample:
        """Return the sample of a cell. Raises CellError where its size is another."""
        if len(cell.nodes) != self.nodes:
            raise CellError(
                f"the cell has {len(cell.nodes)} nodes, the option nodes fixes {self.nodes}"
            )
        sample: Sample = {}
        for number, node in enumerate(cell.nodes, start=1):
            if number > 2:
                sample[f"input_{number}"] = node.predecessor
            sample[f"activation_{number}"] = node.activation
        return sample

    def from_sample(self, sample: Mapping[str, Value]) -> Cell:
        """Return the cell of a sample; other labels are ignored. Raises CellError."""
        values = {
            label: read_choice(sample, label, of, CellError)
            for label, of in self.categoricals.items()
        }
        return Cell(
            tuple(
                Node(
                    int(values.get(f"input_{number}", number - 1)),
                    str(values[f"activation_{number}"]),
                )
                for number in range(1, self.nodes + 1)
            )
        )
