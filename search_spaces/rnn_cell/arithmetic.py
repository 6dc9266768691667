"""Number formats of the simulation of cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e4
"""Bound of states: some cells multiply their own state and leave every number format."""

Array = NDArray[Any]
Calls = list[Callable[[], object]]


class Arithmetic(ABC):
    """Creates the numpy calls of operations on buffers of one shape.

    `limit` is a number that no absolute value exceeds, or infinity if values may be NaN.
    """

    dtype: ClassVar[type[np.floating[Any]]]
    argument: ClassVar[tuple[float, float]] = 1.0, 0.0
    """Scale and shift of the arguments of tanh and the logistic function that are `scaled`."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape

    @classmethod
    @abstractmethod
    def rounded(cls, values: Array) -> Array:
        """Return weights, inputs or states in this format."""

    @abstractmethod
    def bounded(self, value: Array, out: Array, limit: float) -> Calls:
        """Return the calls that bound a state; NaN becomes the lower bound."""

    @abstractmethod
    def factor(self, value: Array, out: Array, limit: float) -> Calls:
        """Return the calls that prepare a value for products with matrices."""

    @abstractmethod
    def tanh(self, value: Array, out: Array, limit: float, *, scaled: bool) -> Calls:
        """Return the calls of the hyperbolic tangent."""

    @abstractmethod
    def sigmoid(self, value: Array, out: Array, limit: float, *, scaled: bool) -> Calls:
        """Return the calls of the logistic function."""


class SinglePrecision(Arithmetic):
    """float32, whose last digits depend on the processor and the number of rows."""

    dtype = np.float32

    @classmethod
    def rounded(cls, values: Array) -> Array:
        """Return the values as float32."""
        return values.astype(np.float32)

    def bounded(self, value: Array, out: Array, limit: float) -> Calls:
        """Return the calls that bound a state."""
        # fmax and fmin, unlike clip, return the bound for NaN
        return [
            partial(np.fmax, value, np.float32(-LARGEST), out=out),
            partial(np.fmin, out, np.float32(LARGEST), out=out),
        ]

    def factor(self, value: Array, out: Array, limit: float) -> Calls:
        """Return the call that copies the value: any will do."""
        return [] if value is out else [partial(np.copyto, out, value)]

    def tanh(self, value: Array, out: Array, limit: float, *, scaled: bool) -> Calls:
        """Return the call of numpy's function."""
        return [partial(np.tanh, value, out=out)]

    def sigmoid(self, value: Array, out: Array, limit: float, *, scaled: bool) -> Calls:
        """Return the calls of (1 + tanh(z / 2)) / 2, which cannot overflow."""
        half = np.float32(0.5)
        return [
            partial(np.multiply, value, half, out=out),
            partial(np.tanh, out, out=out),
            partial(np.multiply, out, half, out=out),
            partial(np.add, out, half, out=out),
        ]


class FixedPoint(Arithmetic):
    """float64 on a grid: the same digits on every processor and with any number of rows.

    The operands of products with matrices are multiples of 2^-16 of bounded size. Sums of such
    products are exact, so that their order does not matter. Tanh and the logistic function are
    tables of arguments in steps of 2^-12, which are faster than the functions themselves.
    """

    dtype = np.float64
    GRID: ClassVar[float] = 2.0**-16
    STEPS: ClassVar[int] = 2**12
    """Table entries per unit of the argument."""
    SATURATED: ClassVar[int] = 12
    """Beyond this argument both functions are constant on the grid."""
    # An argument whose whole part is an index of the tables.
    argument = float(STEPS), SATURATED * STEPS + 0.5
    _TO_GRID: ClassVar[float] = 1.5 * 2**52 * GRID
    """Adding and subtracting it rounds to the grid."""
    _MOST_ENTRIES: ClassVar[float] = 2.0**52
    """Larger numbers may not convert to integers."""

    def __init__(self, shape: tuple[int, int]) -> None:
        super().__init__(shape)
        self._entries = np.empty(shape, np.intp)

    @classmethod
    def rounded(cls, values: Array) -> Array:
        """Return the nearest values on the grid."""
        return np.rint(np.clip(values, -LARGEST, LARGEST) / cls.GRID) * cls.GRID

    def bounded(self, value: Array, out: Array, limit: float) -> Calls:
        """Return the calls that bound a state and round it."""
        calls: Calls = []
        if limit > LARGEST:
            calls.append(partial(np.fmax, value, -LARGEST, out=out))
            calls.append(partial(np.fmin, out, LARGEST, out=out))
        return [
            *calls,
            partial(np.add, out if calls else value, self._TO_GRID, out=out),
            partial(np.subtract, out, self._TO_GRID, out=out),
        ]

    def factor(self, value: Array, out: Array, limit: float) -> Calls:
        """Return the calls that bound and round the value."""
        return self.bounded(value, out, limit)

    def tanh(self, value: Array, out: Array, limit: float, *, scaled: bool) -> Calls:
        """Return the calls that look up the values."""
        return self._look_up(_tables()[0], value, out, limit, scaled)

    def sigmoid(self, value: Array, out: Array, limit: float, *, scaled: bool) -> Calls:
        """Return the calls that look up the values."""
        return self._look_up(_tables()[1], value, out, limit, scaled)

    def _look_up(self, table: Array, value: Array, out: Array, limit: float, scaled: bool) -> Calls:
        scale, shift = self.argument
        calls: Calls = []
        if not scaled:
            calls.append(partial(np.multiply, value, scale, out=out))
            calls.append(partial(np.add, out, shift, out=out))
        if limit > self._MOST_ENTRIES / scale:  # else `take` bounds the entries
            calls.append(partial(np.fmax, value if scaled else out, 0.0, out=out))
            calls.append(partial(np.fmin, out, 2.0 * self.SATURATED * scale, out=out))
        return [
            *calls,
            partial(np.copyto, self._entries, out if calls else value, casting="unsafe"),
            partial(table.take, self._entries, out=out, mode="clip"),
        ]


@cache
def _tables() -> tuple[Array, Array]:
    """Return tanh and the logistic function on the grid."""
    middle = FixedPoint.SATURATED * FixedPoint.STEPS
    arguments = np.arange(-middle, middle + 1) / FixedPoint.STEPS
    return (
        FixedPoint.rounded(np.tanh(arguments)),
        FixedPoint.rounded((1 + np.tanh(arguments / 2)) / 2),
    )
