"""Outputs of an untrained cell over time, in numpy alone.

A cell becomes a list of numpy calls on fixed buffers, which runs once per time step: with matrices
this small, names and allocations would otherwise take most of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.arithmetic import LARGEST, Calls
from search_spaces.rnn_cell.linear_products import Drive, LinearProducts, transposed

LEAKY_SLOPE = 0.01
BOUNDED = ("activation_tanh", "activation_sigm")

Array = NDArray[Any]


@dataclass(frozen=True)
class Kick:
    """A push to all hidden states before one step."""

    step: int
    rows: slice
    push: Array
    """Rows x width, in units of the standard deviation of the states of all other rows."""


def simulate(recipe: Recipe, drive: Drive, kick: Kick) -> Array:
    """Return the outputs h_new_0 from zero states, (steps, rows, width); every value is finite."""
    steps = len(drive.inputs)
    program = _Program(recipe.canonical, drive, kick)
    outputs = np.empty((steps, drive.rows, drive.width), drive.arithmetic.dtype)
    with np.errstate(all="ignore"):
        for step in range(steps):
            if step == kick.step:
                program.kick(kick)
            program.run(step)
            outputs[step] = program.states[0].T
    return outputs


class _Program:
    """The calls of one time step on buffers (width, rows)."""

    def __init__(self, cell: Recipe, drive: Drive, kick: Kick) -> None:
        self._drive = drive
        self._arithmetic = drive.arithmetic((drive.width, drive.rows))
        self._scaled = _arguments(cell)
        self._products = LinearProducts(cell, drive, self._scaled)
        self._calls = self._products.multiply("x")
        self._buffers: dict[str, Array] = {}
        ops = {node.name: node.op for node in cell.nodes}
        self._limits = _limits_of_states(ops, kick, cell.hidden_states)
        for name in cell.sources[1:]:
            self._buffers[name] = self._new(name)
            self._calls += self._products.multiply(name)
        self.states = list(self._buffers.values())
        for node in cell.nodes:  # the normal form is in topological order
            self._add(node)
        for i, state in enumerate(self.states):
            name = f"h_new_{i}"
            value, limit = self._buffers[name], self._limits[name]
            if ops[name] in BOUNDED:  # its values are on the grid
                self._calls.append(partial(np.copyto, state, value))
            else:
                self._calls += self._arithmetic.bounded(value, state, limit)

    def run(self, step: int) -> None:
        self._products.read(step)
        for call in self._calls:
            call()

    def kick(self, kick: Kick) -> None:
        for state in self.states:
            others = transposed(state)[: kick.rows.start]
            pushed = state[:, kick.rows] + others.std() * kick.push.T
            state[:, kick.rows] = self._arithmetic.rounded(pushed)

    def _new(self, name: str) -> Array:
        """Return a buffer of zeros, which is that of the products if a linear node reads it."""
        factor = self._products.factor(name)
        if factor is None:
            return np.zeros(self._arithmetic.shape, self._arithmetic.dtype)
        return factor

    def _add(self, node: Node) -> None:
        limit = self._limit(node)
        if node.op == "linear":
            out, calls = self._products.add(node)
        else:
            out = self._new(node.name)
            calls = self._operation(node, out)
        self._calls += calls
        factor = self._products.factor(node.name)
        if factor is not None:
            if node.op not in BOUNDED:
                self._calls += self._arithmetic.factor(out, factor, limit)
                limit = min(limit, LARGEST)
            self._calls += self._products.multiply(node.name)
            out = factor
        self._buffers[node.name], self._limits[node.name] = out, limit

    def _limit(self, node: Node) -> float:
        """Return a number that no absolute value of the node exceeds, given those of its inputs."""
        if node.op in BOUNDED:
            return 1.0
        values = [self._limits[name] for name in node.inputs if name != "x"]
        match node.op:
            case "linear":
                return self._drive.limit(values)
            case "blend":
                a, b, c = values
                return a * (b + c) + c
            case "elementwise_prod":
                return prod(values)
            case _:
                return sum(values)

    def _operation(self, node: Node, out: Array) -> Calls:
        first, *rest = (self._buffers[name] for name in node.inputs)
        limit, scaled = self._limits[node.inputs[0]], node.inputs[0] in self._scaled
        match node.op:
            case "activation_tanh":
                return self._arithmetic.tanh(first, out, limit, scaled=scaled)
            case "activation_sigm":
                return self._arithmetic.sigmoid(first, out, limit, scaled=scaled)
            case "activation_leaky_relu":
                return [
                    partial(np.multiply, first, out.dtype.type(LEAKY_SLOPE), out=out),
                    partial(np.maximum, first, out, out=out),
                ]
            case "blend":
                b, c = rest
                return [
                    partial(np.subtract, b, c, out=out),
                    partial(np.multiply, first, out, out=out),
                    partial(np.add, out, c, out=out),
                ]
            case op:
                join = np.add if op == "elementwise_sum" else np.multiply
                sums = [first, *[out] * (len(rest) - 1)]
                return [partial(join, a, b, out=out) for a, b in zip(sums, rest, strict=True)]


def _arguments(cell: Recipe) -> frozenset[str]:
    """Return the linear nodes that only tanh and the logistic function read."""
    linear = {node.name for node in cell.nodes if node.op == "linear"}
    read = {name for node in cell.nodes if node.op not in BOUNDED for name in node.inputs}
    return frozenset(linear - read - {f"h_new_{i}" for i in range(cell.hidden_states)})


def _limits_of_states(ops: Mapping[str, str], kick: Kick, states: int) -> dict[str, float]:
    """Return for each state a number that no absolute value exceeds, also after the kick."""
    # The standard deviation of values between -1 and 1 is at most 1.
    pushed = min(LARGEST, 1 + float(abs(kick.push).max(initial=0)))
    return {
        f"h_prev_{i}": pushed if ops[f"h_new_{i}"] in BOUNDED else LARGEST for i in range(states)
    }
