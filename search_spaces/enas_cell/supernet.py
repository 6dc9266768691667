"""All cells of one size in one network with shared weights, for NNI's one-shot strategies.

Each pair of a node and an earlier node has its own matrix, whatever the activation, as in section
2.1 of the paper of ENAS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.enas_cell.architecture import Cell
from search_spaces.enas_cell.choices import Value
from search_spaces.enas_cell.mixture import Mixture
from search_spaces.enas_cell.mutables import MutableEnasCell
from search_spaces.enas_cell.network import EnasCell, Steps, Weights, draw_within
from search_spaces.nni_sampling import MixedChoices, SampledChoices, SuperNet


class SharedCell(SuperNet, MutableEnasCell):
    """The weights of all cells, and the cells that they make."""

    replaces = MutableEnasCell

    def __init__(self, nodes: int, input_size: int, hidden_size: int) -> None:
        super().__init__(nodes, input_size, hidden_size)
        self.input_map = nn.Parameter(torch.empty(2 * hidden_size, input_size))
        self.state_map = nn.Parameter(torch.empty(2 * hidden_size, hidden_size))
        pairs = nodes * (nodes - 1) // 2
        self.pair_maps = nn.ParameterList(
            torch.empty(2 * hidden_size, hidden_size) for _ in range(pairs)
        )
        draw_within(hidden_size**-0.5, [self.input_map, self.state_map, *self.pair_maps])

    def pair_map(self, node: int, predecessor: int) -> Tensor:
        """Return the matrix (2 * hidden, hidden) with which a node reads an earlier one."""
        matrix: Tensor = self.pair_maps[(node - 1) * (node - 2) // 2 + predecessor - 1]
        return matrix

    def weights(self, cell: Cell) -> Weights:
        """Return the shared matrices that one cell uses."""
        numbered = list(enumerate(cell.nodes, start=1))[1:]
        pairs = [self.pair_map(number, node.predecessor) for number, node in numbered]
        return Weights(self.input_map, [self.state_map, *pairs])

    def freeze(self, sample: Mapping[str, Value]) -> EnasCell:
        """Return the cell of a sample with a copy of its shared weights."""
        frozen = super().freeze(sample)
        weights = self.weights(frozen.cell)
        own = [frozen.input_map, *frozen.maps]
        with torch.no_grad():
            for target, source in zip(own, [weights.input, *weights.maps], strict=True):
                target.copy_(source)
        return frozen

    def zero_states(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the state (batch, hidden_size) of zeros for inputs (time, batch, input_size)."""
        return (inputs.new_zeros(inputs.shape[1], self.hidden_size),)

    def current(self) -> Cell:
        """Return the cell that the strategy has sampled, or prefers."""
        cell: Cell = self.choices.from_sample(self.current_sample())
        return cell


class SampledCell(SampledChoices, SharedCell):
    """Runs one sampled cell at a time: no other matrix is read, and none gets a gradient."""

    def unroll(
        self, inputs: Tensor, states: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run the sampled cell as `EnasCell.unroll` does. Raises CellError before a `resample`."""
        cell = self.current()
        (state,) = states if states is not None else self.zero_states(inputs)
        outputs = Steps(cell, self.weights(cell)).run(inputs, state)
        return torch.stack(outputs), (outputs[-1],)


class MixedCell(MixedChoices, SharedCell):
    """Runs the mixture of all cells: softmax weights for each choice.

    Predecessor j with activation f has the product of both weights. An end counts as much as it is
    one: the product of one minus the weight with which each later node reads it.
    """

    def __init__(self, *args: Any, **weights: Any) -> None:
        super().__init__(*args, **weights)
        for alpha in self.alphas.values():  # an exploded gradient has no direction
            finite = partial(torch.nan_to_num, nan=0.0, posinf=0.0, neginf=0.0)
            alpha.register_hook(finite)

    def mixture(self) -> Mixture:
        """Return the weights of all choices, drawn anew where the softmax is a random one."""
        shares = {label: self.softmax(alpha) for label, alpha in self.alphas.items()}
        nodes = range(1, self.choices.nodes + 1)
        only = torch.ones(1).to(self.state_map)
        maps = [
            torch.stack([self.pair_map(node, earlier).t() for earlier in range(1, node)])
            for node in nodes[1:]
        ]
        return Mixture(
            [shares[f"activation_{node}"] for node in nodes],
            [shares.get(f"input_{node}", only) for node in nodes[1:]],
            self.state_map,
            maps,
        )

    def unroll(
        self, inputs: Tensor, states: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run the mixture over inputs (time, batch, input_size), as `EnasCell.unroll` does."""
        (state,) = states if states is not None else self.zero_states(inputs)
        mixture = self.mixture()
        outputs = []
        for projected in functional.linear(inputs, self.input_map):
            state = mixture.step(projected, state)
            outputs.append(state)
        return torch.stack(outputs), (state,)


def oneshot_hooks(strategy: Any) -> list[Any]:
    """Return the hook of NNI that replaces a `MutableEnasCell` by a supernet.

    None for Proxyless, which samples paths in another way: NNI then refuses the cell.
    """
    from nni.nas.strategy import DARTS, Proxyless

    if isinstance(strategy, Proxyless):
        return []
    return [MixedCell.mutate if isinstance(strategy, DARTS) else SampledCell.mutate]
