"""Matrix products of the simulation of a cell.

A value that several linear nodes read is multiplied with all their matrices at once: much faster
than one by one with matrices this small.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.arithmetic import Arithmetic, Calls
from search_spaces.rnn_cell.validity import MAX_NODES

Array = NDArray[Any]

_LINEAR_INPUTS = 3


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


class Drive:
    """The inputs and weights of simulations in a number format, for any cell.

    Args:
        weights: Weights in full precision.
        inputs: (steps, rows, inputs + 1), the last of them 1 for the bias.
        arithmetic: The number format.
    """

    def __init__(self, weights: Weights, inputs: Array, arithmetic: type[Arithmetic]) -> None:
        self.arithmetic = arithmetic
        # Values are (width, rows), so that the product with each of many matrices is contiguous.
        self.inputs = transposed(arithmetic.rounded(inputs))
        self.trained = transposed(arithmetic.rounded(weights.trained))
        self.frozen = transposed(arithmetic.rounded(weights.frozen))
        self.width, self.rows = self.frozen.shape[-1], self.inputs.shape[-1]
        self._most_of_x: float = (
            self.inputs.shape[1] * _largest(self.inputs) * _largest(self.trained)
        )
        self._most_of_one: float = self.width * _largest(self.frozen)

    def limit(self, others: Sequence[float]) -> float:
        """Return a number that no absolute value of a linear node exceeds.

        `others` are such numbers of its inputs without x.
        """
        return self._most_of_x + self._most_of_one * sum(others)


class LinearProducts:
    """The products of all linear nodes of a cell, in fixed buffers (width, rows).

    A linear node is the sum of one product for each input but x. The product with x and the bias
    are part of the first of them, or a product of their own.

    Args:
        cell: A cell in its normal form.
        drive: Inputs and weights.
        scaled: Linear nodes that are computed as arguments of the arithmetic's functions.
    """

    def __init__(self, cell: Recipe, drive: Drive, scaled: Set[str]) -> None:
        self._drive = drive
        blocks = self._blocks(cell, scaled)
        size = drive.width + drive.inputs.shape[1]
        operands = np.zeros((len(blocks), size, drive.rows), drive.inputs.dtype)
        self._x = operands[:, drive.width :]
        self._operands = dict(zip(blocks, operands, strict=True))
        self._matrices: dict[str, Array] = {}
        self._products: dict[str, Array] = {}
        self._of_node: dict[str, list[Array]] = {}
        for factor, terms in blocks.items():
            self._matrices[factor] = np.concatenate([block for _, block in terms])
            shape = len(terms), drive.width, drive.rows
            self._products[factor] = np.empty(shape, drive.inputs.dtype)
            for (node, _), product in zip(terms, self._products[factor], strict=True):
                self._of_node.setdefault(node, []).append(product)

    def read(self, step: int) -> None:
        """Take in the inputs of a step."""
        self._x[:] = self._drive.inputs[step]

    def factor(self, name: str) -> Array | None:
        """Return the buffer for the value of a node or state that linear nodes read, or None."""
        operand = self._operands.get(name)
        return None if operand is None else operand[: self._drive.width]

    def multiply(self, name: str) -> Calls:
        """Return the call that multiplies a value with all matrices, none if no node reads it."""
        if name not in self._operands:
            return []
        operand = self._operands[name][self._drive.width if name == "x" else 0 :]
        out = self._products[name].reshape(-1, self._drive.rows)
        return [partial(np.dot, self._matrices[name], operand, out=out)]

    def add(self, node: Node) -> tuple[Array, Calls]:
        """Return the buffer of a linear node, and the calls that add up its products there."""
        total, *others = self._of_node[node.name]
        return total, [partial(np.add, total, other, out=total) for other in others]

    def _blocks(self, cell: Recipe, scaled: Set[str]) -> dict[str, list[tuple[str, Array]]]:
        """Return the matrices that every factor is multiplied with, and the nodes of each."""
        frozen = iter(self._drive.frozen)
        linear = [node for node in cell.nodes if node.op == "linear"]
        blocks: dict[str, list[tuple[str, Array]]] = {}
        for node, trained in zip(linear, self._drive.trained, strict=False):
            scale, shift = self._drive.arithmetic.argument if node.name in scaled else (1.0, 0.0)
            of_x = scale * trained
            of_x[:, -1] += shift
            if "x" not in node.inputs:
                of_x[:, :-1] = 0
            others = [name for name in node.inputs if name != "x"]
            for name in others:
                block = np.concatenate([scale * next(frozen), of_x], axis=1)
                blocks.setdefault(name, []).append((node.name, block))
                of_x = np.zeros_like(of_x)
            if not others:
                blocks.setdefault("x", []).append((node.name, of_x))
        return blocks


def _largest(values: Array) -> float:
    return float(abs(values).max())


def transposed(values: Array) -> Array:
    """Return a copy with the last two axes swapped."""
    return np.ascontiguousarray(values.swapaxes(-1, -2))
