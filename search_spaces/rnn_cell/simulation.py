"""An untrained cell in miniature: its outputs over time, in numpy alone.

A cell becomes a list of numpy calls on fixed buffers, one list a cell, run once a time step: with
matrices this small most of the time would otherwise go into names and allocations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.validity import MAX_NODES

LEAKY_SLOPE = 0.01
LARGEST_STATE = 1e4
"""States are cut here: some cells multiply their own state and leave every number format."""

_LINEAR_INPUTS = 3
_LOWEST = np.float32(-LARGEST_STATE)
_HIGHEST = np.float32(LARGEST_STATE)

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """Weights for any cell: linear nodes take the next trained matrix, edges the next frozen."""

    trained: Array
    """Matrices of x: nodes x (inputs + 1) x width; the last row is the bias."""
    frozen: Array
    """Matrices of the state and of other nodes: edges x width x width."""

    @classmethod
    def draw(
        cls, rng: np.random.Generator, *, inputs: int, width: int, gain: float, bias: float
    ) -> Weights:
        """U(+-1/sqrt(width)) as the published training initialises; x counts `gain` times."""
        trained = rng.uniform(-1, 1, (MAX_NODES, inputs + 1, width))
        trained[:, :inputs] *= gain / np.sqrt(inputs)
        trained[:, inputs] *= bias
        frozen = rng.uniform(-1, 1, (_LINEAR_INPUTS * MAX_NODES, width, width)) / np.sqrt(width)
        return cls(trained.astype(np.float32), frozen.astype(np.float32))


@dataclass(frozen=True)
class Kick:
    """A push to all hidden states before one step."""

    step: int
    rows: slice
    push: Array
    """Rows x width, in units of the standard deviation of the states of all other rows."""


def simulate(recipe: Recipe, weights: Weights, inputs: Array, kick: Kick) -> Array:
    """Outputs h_new_0, steps x rows x width, from zero states; every value is finite.

    `inputs` is steps x rows x (inputs + 1), the last of them 1 for the bias.
    """
    steps, rows, _ = inputs.shape
    program = _Program(recipe.canonical, weights, rows)
    outputs = np.empty((steps, rows, weights.frozen.shape[-1]), np.float32)
    with np.errstate(all="ignore"):
        for step in range(steps):
            if step == kick.step:
                program.kick(kick)
            program.run(inputs[step])
            outputs[step] = program.states[0]
    return outputs


class _Program:
    def __init__(self, cell: Recipe, weights: Weights, rows: int) -> None:
        inputs, width = weights.trained.shape[1:]
        self._weights = weights
        self._calls: list[Callable[[], object]] = []
        self._spare = np.empty((rows, width), np.float32)
        self._x = np.empty((rows, inputs), np.float32)
        self.states = [np.zeros((rows, width), np.float32) for _ in range(cell.hidden_states)]
        self._buffers = {"x": self._x} | dict(zip(cell.sources[1:], self.states, strict=True))
        self._matrices = iter(weights.frozen)
        self._linears = iter(weights.trained)
        for node in cell.nodes:  # the normal form is in topological order
            self._buffers[node.name] = np.empty((rows, width), np.float32)
            self._add(node)
        for i, state in enumerate(self.states):
            # fmax and fmin, unlike clip, take the bound where the value is not a number
            self._call(np.fmax, self._buffers[f"h_new_{i}"], _LOWEST, out=state)
            self._call(np.fmin, state, _HIGHEST, out=state)

    def run(self, x: Array) -> None:
        self._x[:] = x
        for call in self._calls:
            call()

    def kick(self, kick: Kick) -> None:
        for state in self.states:
            others = state[: kick.rows.start]
            state[kick.rows] += others.std() * kick.push

    def _call(self, function: Callable[..., object], *values: object, **named: object) -> None:
        self._calls.append(partial(function, *values, **named))

    def _add(self, node: Node) -> None:
        out = self._buffers[node.name]
        first, *rest = (self._buffers[name] for name in node.inputs)
        match node.op:
            case "linear":
                self._add_linear(node, out)
            case "activation_tanh":
                self._call(np.tanh, first, out=out)
            case "activation_sigm":
                self._add_sigmoid(first, out)
            case "activation_leaky_relu":
                self._call(np.multiply, first, np.float32(LEAKY_SLOPE), out=out)
                self._call(np.maximum, first, out, out=out)
            case "blend":
                b, c = rest
                self._call(np.subtract, b, c, out=out)
                self._call(np.multiply, first, out, out=out)
                self._call(np.add, out, c, out=out)
            case op:
                join = np.add if op == "elementwise_sum" else np.multiply
                for i, other in enumerate(rest):
                    self._call(join, out if i else first, other, out=out)

    def _add_linear(self, node: Node, out: Array) -> None:
        trained = next(self._linears)
        if "x" in node.inputs:
            self._call(np.matmul, self._x, trained, out=out)
        else:
            self._call(np.copyto, out, trained[-1])
        for name in node.inputs:
            if name != "x":
                self._call(np.matmul, self._buffers[name], next(self._matrices), out=self._spare)
                self._call(np.add, out, self._spare, out=out)

    def _add_sigmoid(self, value: Array, out: Array) -> None:
        half = np.float32(0.5)  # sigm(z) = (1 + tanh(z / 2)) / 2 cannot overflow
        self._call(np.multiply, value, half, out=out)
        self._call(np.tanh, out, out=out)
        self._call(np.multiply, out, half, out=out)
        self._call(np.add, out, half, out=out)
