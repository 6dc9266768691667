"""The supernet of the cells of ENAS for pruning searches: the mean of active inputs and functions.

A node is the mean over its active predecessors, its candidate that over its active activations. The
output weighs every node by how much it is an end, as `MixedCell` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from search_spaces.enas_cell.model_space import EnasCellModelSpace
from search_spaces.enas_cell.mutables import MutableEnasCell
from search_spaces.enas_cell.network import FUNCTIONS, split
from search_spaces.enas_cell.supernet import SharedCell
from search_spaces.pruning import ActiveChoices, PrunableSpace, sampled_architecture
from search_spaces.sequences import mean_tensors


class ActiveCell(ActiveChoices, SharedCell):
    """All cells that the active values make, with shared weights."""

    replaces = MutableEnasCell

    def unroll(
        self, inputs: Tensor, states: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run the supernet over inputs (time, batch, input_size), as `EnasCell.unroll` does."""
        (state,) = states if states is not None else self.zero_states(inputs)
        sources = [self._sources(node) for node in range(2, self.choices.nodes + 1)]
        ends, outputs = self._ends(), []
        for projected in functional.linear(inputs, self.input_map):
            state = self._step(projected, state, sources, ends)
            outputs.append(state)
        return torch.stack(outputs), (state,)

    def _sources(self, node: int) -> tuple[list[int], Tensor]:
        """Return the indices of what a node reads, and the matrices (sources, hidden, 2 * hidden)
        with which it does."""
        active = self.active.get(f"input_{node}", (1,))
        matrices = [self.pair_map(node, int(earlier)).t() for earlier in active]
        return [int(earlier) - 1 for earlier in active], torch.stack(matrices)

    def _ends(self) -> Tensor:
        """Return the weight (nodes,) of each node as an end; they sum to 1."""
        ends = torch.ones(self.choices.nodes)
        for node in range(2, self.choices.nodes + 1):
            active = self.active.get(f"input_{node}", (1,))
            for earlier in active:
                ends[int(earlier) - 1] *= 1 - 1 / len(active)
        return (ends / ends.sum()).to(self.state_map)

    def _step(
        self,
        projected: Tensor,
        state: Tensor,
        sources: Sequence[tuple[list[int], Tensor]],
        ends: Tensor,
    ) -> Tensor:
        """Return the new state (batch, hidden) for the product (batch, 2 * hidden) of x."""
        mixed = projected + functional.linear(state, self.state_map)
        values = [self._bent(1, mixed, state)]
        for node, (earlier, matrices) in enumerate(sources, start=2):
            read = torch.stack([values[i] for i in earlier], 1)
            bent = self._bent(node, torch.einsum("bsh,sho->bso", read, matrices), read)
            values.append(bent.mean(1))
        return torch.einsum("n,nbh->bh", ends, torch.stack(values))

    def _bent(self, node: int, mixed: Tensor, read: Tensor) -> Tensor:
        """Return the output of a node for what it reads (batch, ..., hidden)."""
        gate, candidate = split(mixed)
        functions = [FUNCTIONS[str(name)] for name in self.active[f"activation_{node}"]]
        return read + gate * (mean_tensors([bend(candidate) for bend in functions]) - read)


def _make_thin(model: Any) -> EnasCellModelSpace:
    """Return the same choices with one unit, for inputs of one number."""
    return EnasCellModelSpace(model.choices.nodes, 1, 1)


PRUNABLE = PrunableSpace((ActiveCell,), _make_thin, sampled_architecture)
