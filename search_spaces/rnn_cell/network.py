"""The torch module of a recurrent cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.validity import topological_order

if TYPE_CHECKING:
    from search_spaces.rnn_cell.recurrence.function import Trace

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "activation_tanh": torch.tanh,
    "activation_sigm": torch.sigmoid,
    "activation_leaky_relu": functional.leaky_relu,
}


class RecurrentCell(nn.Module):
    """One layer of the recurrent cell that a recipe describes.

    Weights are drawn as the release draws them, from `generator` (torch's global one by default):
    first every `linear` node in the recipe's order, then all of them again, U(+-1/sqrt(hidden)).
    """

    def __init__(
        self,
        recipe: Recipe,
        input_size: int,
        hidden_size: int,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.recipe = recipe
        self.input_size = input_size
        self.hidden_size = hidden_size
        self._linear = [node for node in recipe.nodes if node.op == "linear"]
        widths = {"x": input_size}
        self.maps = nn.ModuleList(
            LinearMap([widths.get(name, hidden_size) for name in node.inputs], hidden_size)
            for node in self._linear
        )
        self._map_of = {node.name: i for i, node in enumerate(self._linear)}
        table = {node.name: node for node in recipe.nodes}
        order = topological_order({node.name: node.inputs for node in recipe.nodes})
        self._steps = [table[name] for name in order]
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw all weights anew, in the release's order."""
        for linear in self._maps():
            linear.draw_as_layer(generator)
        for linear in self._maps():
            linear.draw_within(self.hidden_size**-0.5, generator)

    def forward(self, x: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """One step: x (batch, input_size) and h states (batch, hidden_size) -> h new states.

        The first new state is the cell's output.
        """
        values = {"x": x}
        values.update((f"h_prev_{i}", state) for i, state in enumerate(states))
        for node in self._steps:
            values[node.name] = self._value(node, [values[name] for name in node.inputs])
        return tuple(values[f"h_new_{i}"] for i in range(self.recipe.hidden_states))

    def unroll(
        self,
        inputs: Tensor,
        states: Sequence[Tensor] | None = None,
        drop: Callable[[Tensor], Tensor] | None = None,
        trace: Trace | None = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run over inputs (time, batch, input_size), from zero states by default.

        `drop` is applied to every matrix whose input is not `x`; `trace` is filled with what was
        computed on the way. Returns the outputs (time, batch, hidden_size) and the last states.
        """
        from search_spaces.rnn_cell.recurrence import fused
        from search_spaces.rnn_cell.recurrence.function import unroll

        current = states if states is not None else self.zero_states(inputs)
        maps = self._dropped(drop)
        if trace is None and fused.is_faster(self.recipe, inputs):
            kernel = fused.fused_cell(self.recipe.nodes)
            if kernel is not None:
                return kernel.run(maps, inputs, current)
        return unroll(self.recipe, maps, inputs, current, trace)

    def _dropped(
        self, drop: Callable[[Tensor], Tensor] | None
    ) -> list[tuple[Tensor, list[Tensor]]]:
        """Bias and matrices of each linear map, those of previous results dropped."""
        found = []
        for node, linear in zip(self._linear, self._maps(), strict=True):
            matrices: list[Tensor] = list(linear.matrices)
            if drop is not None:
                pairs = zip(node.inputs, matrices, strict=True)
                matrices = [m if name == "x" else drop(m) for name, m in pairs]
            found.append((cast(Tensor, linear.bias), matrices))
        return found

    def _maps(self) -> list[LinearMap]:
        return [cast(LinearMap, linear) for linear in self.maps]

    def zero_states(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """States (batch, hidden_size) of zeros for inputs (time, batch, input_size)."""
        zeros = inputs.new_zeros(inputs.shape[1], self.hidden_size)
        return (zeros,) * self.recipe.hidden_states

    def _value(self, node: Node, inputs: list[Tensor]) -> Tensor:
        if node.op == "linear":
            linear = cast(LinearMap, self.maps[self._map_of[node.name]])
            return cast(Tensor, linear(inputs))
        if node.op in _ACTIVATIONS:
            return _ACTIVATIONS[node.op](inputs[0])
        if node.op == "blend":
            a, b, c = inputs
            return a * b + (1 - a) * c
        value = inputs[0]
        for other in inputs[1:]:
            value = value + other if node.op == "elementwise_sum" else value * other
        return value


class LinearMap(nn.Module):
    """sum_i W_i u_i + b: one matrix for each input."""

    def __init__(self, input_sizes: Sequence[int], output_size: int) -> None:
        super().__init__()
        self.matrices = nn.ParameterList(torch.empty(output_size, size) for size in input_sizes)
        self.bias = nn.Parameter(torch.empty(output_size))

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Inputs (batch, input_size_i) -> (batch, output_size)."""
        value = functional.linear(inputs[0], self.matrices[0], self.bias)
        for u, matrix in zip(inputs[1:], self.matrices[1:], strict=True):
            value = value + functional.linear(u, matrix)
        return value

    def draw_as_layer(self, generator: torch.Generator | None) -> None:
        """Draw as torch's linear layer does: matrices in the order of inputs, then the bias."""
        for matrix in self.matrices:
            nn.init.kaiming_uniform_(matrix, a=5**0.5, generator=generator)
        bound = self.matrices[0].shape[1] ** -0.5
        nn.init.uniform_(self.bias, -bound, bound, generator=generator)

    def draw_within(self, bound: float, generator: torch.Generator | None) -> None:
        """Draw from U(-bound, bound): the bias, then the matrices."""
        for parameter in (self.bias, *self.matrices):
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
