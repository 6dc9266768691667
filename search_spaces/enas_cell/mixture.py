"""One step of the mixture of all cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from search_spaces.enas_cell.network import FUNCTIONS, split


@dataclass(frozen=True)
class Mixture:
    """Weights of the choices of every node, and the matrices with which it reads."""

    activations: Sequence[Tensor]
    """For each node: a weight of each activation."""
    inputs: Sequence[Tensor]
    """For each node but the first: a weight (predecessors,) of each earlier node."""
    state_map: Tensor
    """(2 * hidden, hidden)"""
    maps: Sequence[Tensor]
    """For each node but the first: (predecessors, hidden, 2 * hidden)."""

    def step(self, projected: Tensor, state: Tensor) -> Tensor:
        """Return the new state (batch, hidden) for the product (batch, 2 * hidden) of x."""
        mixed = projected + functional.linear(state, self.state_map)
        values = self._bent(0, mixed, state)[None]
        for i, (weights, matrices) in enumerate(zip(self.inputs, self.maps, strict=True), start=1):
            read = self._bent(i, torch.bmm(values, matrices), values)
            new = torch.einsum("p,pbh->bh", weights, read)
            values = torch.cat([values, new[None]])
        return torch.einsum("n,nbh->bh", self.ends, values)

    @cached_property
    def ends(self) -> Tensor:
        """The weight (nodes,) of each node as an end; they sum to 1."""
        open_ends = torch.ones(1).to(self.state_map)
        for weights in self.inputs:
            open_ends = torch.cat([open_ends * (1 - weights), torch.ones(1).to(open_ends)])
        return open_ends / open_ends.sum()

    def _bent(self, i: int, mixed: Tensor, read: Tensor) -> Tensor:
        """Return the output of node i for values (..., hidden): all activations, weighted."""
        gate, candidate = split(mixed)
        bent = torch.stack([function(candidate) for function in FUNCTIONS.values()])
        return read + gate * (torch.einsum("f,f...->...", self.activations[i], bent) - read)
