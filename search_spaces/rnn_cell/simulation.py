"""Outputs of an untrained cell over time, in numpy alone.

A cell becomes a list of numpy calls on fixed buffers, which runs once per time step: with matrices
this small, names and allocations would otherwise take most of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.arithmetic import LARGEST, Arithmetic
from search_spaces.rnn_cell.validity import MAX_NODES

LEAKY_SLOPE = 0.01
BOUNDED = ("activation_tanh", "activation_sigm")
_LINEAR_INPUTS = 3
MOST_LINEAR = 1e9
"""No linear node exceeds it: it sums bounded values with weights below one."""

Array = NDArray[Any]


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
        """Draw from U(+-1/sqrt(width)), as the published training; x counts `gain` times."""
        trained = rng.uniform(-1, 1, (MAX_NODES, inputs + 1, width))
        trained[:, :inputs] *= gain / np.sqrt(inputs)
        trained[:, inputs] *= bias
        frozen = rng.uniform(-1, 1, (_LINEAR_INPUTS * MAX_NODES, width, width)) / np.sqrt(width)
        return cls(trained, frozen)


@dataclass(frozen=True)
class Kick:
    """A push to all hidden states before one step."""

    step: int
    rows: slice
    push: Array
    """Rows x width, in units of the standard deviation of the states of all other rows."""


class Drive:
    """The inputs and weights of simulations in a number format, for any cell.

    Args:
        weights: Weights in full precision.
        inputs: (steps, rows, inputs + 1), the last of them 1 for the bias.
        arithmetic: The number format.
    """

    def __init__(self, weights: Weights, inputs: Array, arithmetic: type[Arithmetic]) -> None:
        self.arithmetic = arithmetic
        self.inputs = arithmetic.rounded(inputs)
        self.trained = arithmetic.rounded(weights.trained)
        self.frozen = arithmetic.rounded(weights.frozen)
        # The same for all cells, so that they are computed once: nodes x steps x rows x width.
        self._products = np.array([[x @ matrix for x in self.inputs] for matrix in self.trained])

    def of_linear(self, index: int, reads_x: bool) -> Array:
        """Return what a linear node adds to its other inputs: (steps, rows, width)."""
        steps, rows, _ = self.inputs.shape
        if not reads_x:
            return np.broadcast_to(self.trained[index, -1], (steps, rows, self.trained.shape[-1]))
        return np.asarray(self._products[index])


def simulate(recipe: Recipe, drive: Drive, kick: Kick) -> Array:
    """Return the outputs h_new_0 from zero states, (steps, rows, width); every value is finite."""
    steps = len(drive.inputs)
    program = _Program(recipe.canonical, drive)
    outputs = np.empty((steps, *program.states[0].shape), drive.arithmetic.dtype)
    with np.errstate(all="ignore"):
        for step in range(steps):
            if step == kick.step:
                program.kick(kick)
            program.run(step)
            outputs[step] = program.states[0]
    return outputs


class _Program:
    def __init__(self, cell: Recipe, drive: Drive) -> None:
        self._drive = drive
        self._arithmetic = drive.arithmetic(drive.inputs.shape[1], drive.frozen.shape[-1])
        self._calls: list[Callable[[], object]] = []
        self._step = 0
        self._spare = self._buffer()
        self.states = [self._buffer() for _ in range(cell.hidden_states)]
        self._buffers = dict(zip(cell.sources[1:], self.states, strict=True))
        self._matrices = iter(drive.frozen)
        self._linears = count()
        self._limits = dict.fromkeys(self._buffers, LARGEST)
        factors = {name for node in cell.nodes if node.op == "linear" for name in node.inputs}
        for node in cell.nodes:  # the normal form is in topological order
            out = self._buffers[node.name] = self._buffer()
            self._add(node, out)
            limit = _limit(node, self._limits)
            if node.name in factors and node.op not in BOUNDED:
                self._calls += self._arithmetic.factor(out, limit)
                limit = min(limit, LARGEST)
            self._limits[node.name] = limit
        for i, state in enumerate(self.states):
            name = f"h_new_{i}"
            value, limit = self._buffers[name], self._limits[name]
            self._calls += self._arithmetic.bounded(value, state, limit)

    def run(self, step: int) -> None:
        self._step = step
        for call in self._calls:
            call()

    def kick(self, kick: Kick) -> None:
        for state in self.states:
            others = state[: kick.rows.start]
            state[kick.rows] = self._arithmetic.rounded(state[kick.rows] + others.std() * kick.push)

    def _buffer(self) -> Array:
        return np.zeros(self._arithmetic.shape, self._arithmetic.dtype)

    def _call(self, function: Callable[..., object], *values: object, **named: object) -> None:
        self._calls.append(partial(function, *values, **named))

    def _add(self, node: Node, out: Array) -> None:
        if node.op == "linear":
            self._add_linear(node, out)
            return
        first, *rest = (self._buffers[name] for name in node.inputs)
        match node.op:
            case "activation_tanh":
                self._calls += self._arithmetic.tanh(first, out, self._limits[node.inputs[0]])
            case "activation_sigm":
                self._calls += self._arithmetic.sigmoid(first, out, self._limits[node.inputs[0]])
            case "activation_leaky_relu":
                self._call(np.multiply, first, out.dtype.type(LEAKY_SLOPE), out=out)
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
        driven = self._drive.of_linear(next(self._linears), "x" in node.inputs)
        others = [name for name in node.inputs if name != "x"]
        if not others:
            self._calls.append(lambda: np.copyto(out, driven[self._step]))
        for i, name in enumerate(others):
            self._call(np.matmul, self._buffers[name], next(self._matrices), out=self._spare)
            if i:
                self._call(np.add, out, self._spare, out=out)
            else:
                self._calls.append(lambda: np.add(driven[self._step], self._spare, out=out))


def _limit(node: Node, limits: Mapping[str, float]) -> float:
    """Return a number that no absolute value of the node exceeds, given those of its inputs."""
    if node.op in BOUNDED:
        return 1.0
    if node.op == "linear":
        return MOST_LINEAR
    values = [limits[name] for name in node.inputs]
    match node.op:
        case "blend":
            a, b, c = values
            return a * (b + c) + c
        case "elementwise_prod":
            return prod(values)
        case _:
            return sum(values)
