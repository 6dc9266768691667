"""Safe reader of NumPy's numbers in pickles.

A pickle calls NumPy's functions to make them. Here their names stand for what is done with the
bytes of a number; any other name is refused, and nothing is imported or called.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import Any

from nni_nlp_bench.benchmarks.importers.plain_pickle import Machine

_FORMATS = {"f4": "f", "f8": "d", "i4": "i", "i8": "q"}
"""Name of a type in NumPy -> its code in `struct`."""


class _Name(Enum):
    DTYPE = ("numpy", "dtype")
    SCALAR = ("numpy.core.multiarray", "scalar")
    SCALAR_OF_2 = ("numpy._core.multiarray", "scalar")


class NumpyMachine(Machine):
    """Pickle machine of plain values, True, False, None, and NumPy's floats and integers."""

    def __init__(self) -> None:
        super().__init__()
        self.actions |= {
            "NONE": lambda _: self.stack.append(None),
            "NEWTRUE": lambda _: self.stack.append(True),
            "NEWFALSE": lambda _: self.stack.append(False),
            "BINBYTES": self.stack.append,
            "SHORT_BINBYTES": self.stack.append,
            "GLOBAL": lambda name: self.push_name(*name.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self.push_name(*self.last(2)),
            "REDUCE": lambda _: self.stack.append(_made(*self.last(2))),
            "BUILD": lambda _: self.set_byte_order(*self.last(1)),
        }

    def push_name(self, module: Any, name: Any) -> None:
        known = [each for each in _Name if each.value == (module, name)]
        if not known:
            raise ValueError(f"the name {_shown(module)}.{_shown(name)} is not allowed")
        self.stack.extend(known)

    def set_byte_order(self, state: Any) -> None:
        """Finish a type: its state is (version, byte order, ...)."""
        dtype, order = self.stack[-1], state[1]
        if type(dtype) is not _Dtype or order not in ("<", ">"):
            raise ValueError("a state of a value is not allowed")
        dtype.order = order


class _Dtype:
    """A type of numbers; how many bytes are in which order."""

    def __init__(self, name: Any) -> None:
        if name not in _FORMATS:
            raise ValueError(f"numbers of the type {_shown(name)} are not allowed")
        self.format = _FORMATS[name]
        self.order = "<"


def _made(name: Any, arguments: Any) -> Any:
    """Return what a call of that name stands for: a type, or a number of a type."""
    if name is _Name.DTYPE:
        return _Dtype(arguments[0])
    if name not in (_Name.SCALAR, _Name.SCALAR_OF_2):
        raise ValueError("a call of a value is not allowed")
    dtype, content = arguments
    if type(dtype) is not _Dtype or type(content) is not bytes:
        raise ValueError("a number has no type or no bytes")
    try:
        (number,) = struct.unpack(dtype.order + dtype.format, content)
    except struct.error as error:
        raise ValueError(f"a number is damaged: {error}") from None
    return number


def _shown(name: Any) -> str:
    """Return a name for a message; a nested value may be too deep to be printed."""
    return name[:40] if type(name) is str else type(name).__name__
