"""The torch module of a cell.

Node i reads h_j, the value of its predecessor (h_0 is the previous state), and gives
h_i = c_i * f_i(h_j W^h_i) + (1 - c_i) * h_j with the gate c_i = sigmoid(h_j W^c_i); the first node
adds x W^xh and x W^xc inside. No biases, as in the release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.enas_cell.architecture import Cell

if TYPE_CHECKING:
    from search_spaces.rnn_cell.recurrence.function import Trace


def _identity(value: Tensor) -> Tensor:
    return value


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "identity": _identity,
}


class Weights(NamedTuple):
    """Matrices of a cell: the rows of its gates, then those of its candidates."""

    input: Tensor
    """(2 * hidden, input): of x, read by the first node."""
    maps: Sequence[Tensor]
    """(2 * hidden, hidden) each: of what a node reads, for the first node the previous state."""


class EnasCell(nn.Module):
    """One layer of the recurrent cell, with the interface of `RecurrentCell`.

    Weights are drawn from U(+-1/sqrt(hidden)) by `generator`, by default torch's global one.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.input_map = nn.Parameter(torch.empty(2 * hidden_size, input_size))
        self.maps = nn.ParameterList(torch.empty(2 * hidden_size, hidden_size) for _ in cell.nodes)
        draw_within(hidden_size**-0.5, [self.input_map, *self.maps], generator)

    def forward(self, x: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """One step: x (batch, input_size) and the state (batch, hidden_size) -> the new state."""
        _, new = self.unroll(x[None], states)
        return new

    def unroll(
        self,
        inputs: Tensor,
        states: Sequence[Tensor] | None = None,
        drop: Callable[[Tensor], Tensor] | None = None,
        trace: Trace | None = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run over inputs (time, batch, input_size), from a zero state by default.

        `drop` is applied to every matrix whose input is not `x`; `trace` is filled with what was
        computed on the way. Returns the outputs (time, batch, hidden_size) and the last state.
        """
        maps: list[Tensor] = list(self.maps)
        if drop is not None:
            maps = [drop(matrix) for matrix in maps]
        (state,) = states if states is not None else self.zero_states(inputs)
        steps = Steps(self.cell, Weights(self.input_map, maps), [] if trace is not None else None)
        outputs = steps.run(inputs, state)
        if trace is not None:
            steps.fill(trace, state, outputs)
        return torch.stack(outputs), (outputs[-1],)

    def zero_states(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the state (batch, hidden_size) of zeros for inputs (time, batch, input_size)."""
        return (inputs.new_zeros(inputs.shape[1], self.hidden_size),)


@dataclass(frozen=True, slots=True)
class Steps:
    """A cell with its weights, step after step."""

    cell: Cell
    weights: Weights
    seen: list[list[tuple[Tensor, Tensor]]] | None = None
    """If a list, filled with the gate and the bent candidate of every node, a list a step."""

    def run(self, inputs: Tensor, state: Tensor) -> list[Tensor]:
        """Outputs (batch, hidden) of inputs (time, batch, input)."""
        outputs = []
        for projected in functional.linear(inputs, self.weights.input):
            state = self._step(projected, state)
            outputs.append(state)
        return outputs

    def fill(self, trace: Trace, state: Tensor, outputs: Sequence[Tensor]) -> None:
        """Gates, activations and previous states of a run, named as in its recipe."""
        trace.values = {"h_prev_0": torch.stack([state, *outputs[:-1]])}
        for i, node in enumerate(self.cell.nodes):
            gates, bent = zip(*(step[i] for step in self.seen or []), strict=True)
            trace.values[f"gate_{i + 1}_act"] = torch.stack(gates)
            if node.activation != "identity":
                trace.values[f"map_{i + 1}_act"] = torch.stack(bent)
        if outputs[-1].requires_grad:
            _keep_gradients(trace, outputs)

    def _step(self, projected: Tensor, state: Tensor) -> Tensor:
        values, seen = [state], []
        for node, matrix in zip(self.cell.nodes, self.weights.maps, strict=True):
            read = values[node.predecessor]
            mixed = functional.linear(read, matrix)
            gate, candidate = split(mixed if node.predecessor else mixed + projected)
            bent = FUNCTIONS[node.activation](candidate)
            values.append(read + gate * (bent - read))
            seen.append((gate, bent))
        if self.seen is not None:
            self.seen.append(seen)
        ends = [values[number] for number in self.cell.ends]
        return ends[0] if len(ends) == 1 else torch.stack(ends).mean(dim=0)


def split(mixed: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gate and the candidate (..., hidden) of a product (..., 2 * hidden)."""
    gate, candidate = mixed.chunk(2, dim=-1)
    return torch.sigmoid(gate), candidate


def draw_within(
    bound: float, weights: Sequence[Tensor], generator: torch.Generator | None = None
) -> None:
    """Draw all of them from U(-bound, bound), in their order."""
    for weight in weights:
        nn.init.uniform_(weight, -bound, bound, generator=generator)


def _keep_gradients(trace: Trace, outputs: Sequence[Tensor]) -> None:
    """Let the backward pass write the gradient of every output into the trace."""
    kept = torch.zeros(len(outputs), *outputs[0].shape).to(outputs[0])

    def keep(i: int, gradient: Tensor) -> None:
        kept[i] = gradient
        trace.state_gradient = kept

    for i, output in enumerate(outputs):
        output.register_hook(partial(keep, i))  # type: ignore[no-untyped-call]
