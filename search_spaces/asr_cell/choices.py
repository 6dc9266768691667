"""Cells as a flat dictionary of categorical choices, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from search_spaces.asr_cell.architecture import NODES, OPS, AsrCell, AsrCellError, Node
from search_spaces.values import read_choice

Value: TypeAlias = int | str
Sample: TypeAlias = dict[str, Value]


@dataclass(frozen=True)
class AsrCellChoices:
    """All cells: of node k, counted from 1, `op_k`, and `skip_k_i`, which is 1 where the output i
    (0: the cell's input) is added to that of the node."""

    @property
    def categoricals(self) -> dict[str, list[Value]]:
        """Label -> values, in the order of the nodes."""
        values: dict[str, list[Value]] = {}
        for number in range(1, NODES + 1):
            values[f"op_{number}"] = list(OPS)
            values |= {f"skip_{number}_{i}": [0, 1] for i in range(number)}
        return values

    def to_sample(self, cell: AsrCell) -> Sample:
        """Return the sample of a cell."""
        sample: Sample = {}
        for number, node in enumerate(cell.nodes, start=1):
            sample[f"op_{number}"] = node.op
            sample |= {f"skip_{number}_{i}": int(i in node.skips) for i in range(number)}
        return sample

    def from_sample(self, sample: Mapping[str, Value]) -> AsrCell:
        """Return the cell of a sample; other labels are ignored. Raises AsrCellError."""
        values = {
            label: read_choice(sample, label, of, AsrCellError)
            for label, of in self.categoricals.items()
        }
        return AsrCell(
            tuple(
                Node(
                    str(values[f"op_{number}"]),
                    tuple(i for i in range(number) if values[f"skip_{number}_{i}"]),
                )
                for number in range(1, NODES + 1)
            )
        )
