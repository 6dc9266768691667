"""Safe reader of pickles of plain values.

A pickle is a program. This reader supports only the instructions that build tuples, lists,
dictionaries, numbers and strings: it cannot import or call anything.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.reading import Progress
from nni_nlp_bench.core.input_files import read_bytes

MAX_BYTES = 2**27
MAX_INSTRUCTIONS = 20_000_000
"""Maximum number of instructions: NASLib's file has about 5 million, each up to 100 bytes."""
_MARK = object()


class Pairs(list[tuple[Any, Any]]):
    """Entries of a dictionary in order, unhashed: hashing a malicious key may not terminate."""


def read_plain_pickle(path: Path, progress: Progress) -> Any:
    """Return the value of a pickle, with dictionaries as `Pairs`. Raises BenchmarkError."""
    (value,) = read_plain_pickles(path, 1, progress)
    return value


def read_plain_pickles(
    path: Path, count: int, progress: Progress, machine: Callable[[], Machine] | None = None
) -> list[Any]:
    """Return the values of pickles that stand one after another in a file.

    Args:
        path: The file.
        count: Number of pickles to read.
        progress: Called now and then with the bytes read.
        machine: Returns a new machine for each pickle; by default one of plain values alone.

    Raises:
        BenchmarkError: The file has fewer pickles, or other values.
    """
    content = read_bytes(path, MAX_BYTES, BenchmarkError)
    stream = io.BytesIO(content)
    done = 0
    values = []
    try:
        for _ in range(count):
            running = (machine or Machine)()
            for opcode, argument, position in pickletools.genops(stream):
                if done >= MAX_INSTRUCTIONS:
                    raise ValueError(f"more than {MAX_INSTRUCTIONS:,} instructions")
                if done % 100_000 == 0:
                    progress(position or 0, len(content))
                running.step(opcode.name, argument)
                done += 1
            values.append(running.value())
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        reason = str(error)[:200]
        raise BenchmarkError(f"{path} is not a pickle of plain values: {reason}") from None
    progress(len(content), len(content))
    return values


class Machine:
    """Stack and memo of the pickle machine, and the instructions that it carries out."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.actions: dict[str, Callable[[Any], None]] = {
            **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda _: None),
            **dict.fromkeys(PUSHED, self.stack.append),
            **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), self.put),
            **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), self.get),
            "MEMOIZE": lambda _: self.put(len(self.memo)),
            "MARK": lambda _: self.stack.append(_MARK),
            "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "EMPTY_DICT": lambda _: self.stack.append(Pairs()),
            "TUPLE": lambda _: self.stack.append(tuple(self.since_mark())),
            "TUPLE1": lambda _: self.stack.append(tuple(self.last(1))),
            "TUPLE2": lambda _: self.stack.append(tuple(self.last(2))),
            "TUPLE3": lambda _: self.stack.append(tuple(self.last(3))),
            "LIST": lambda _: self.stack.append(self.since_mark()),
            "DICT": lambda _: self.stack.append(_pairs(self.since_mark())),
            "APPEND": lambda _: self.extend(list, self.last(1)),
            "APPENDS": lambda _: self.extend(list, self.since_mark()),
            "SETITEM": lambda _: self.extend(Pairs, _pairs(self.last(2))),
            "SETITEMS": lambda _: self.extend(Pairs, _pairs(self.since_mark())),
        }

    def step(self, name: str, argument: Any) -> None:
        if name not in self.actions:
            raise ValueError(f"the instruction {name} is not allowed")
        self.actions[name](argument)

    def value(self) -> Any:
        (value,) = self.last(1)
        if self.stack:
            raise ValueError("values are left over")
        return value

    def put(self, place: int) -> None:
        self.memo[place] = self.stack[-1]

    def get(self, place: int) -> None:
        self.stack.append(self.memo[place])

    def last(self, count: int) -> list[Any]:
        values = self.stack[-count:]
        if len(values) < count or any(value is _MARK for value in values):
            raise ValueError("the stack is empty")
        del self.stack[-count:]
        return values

    def since_mark(self) -> list[Any]:
        values: list[Any] = []
        while (value := self.stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def extend(self, kind: type[list[Any]], values: list[Any]) -> None:
        if type(self.stack[-1]) is not kind:
            raise ValueError(f"only a {kind.__name__} can be extended here")
        self.stack[-1].extend(values)


PUSHED = (
    "INT",
    "BININT",
    "BININT1",
    "BININT2",
    "LONG",
    "LONG1",
    "FLOAT",
    "BINFLOAT",
    "UNICODE",
    "BINUNICODE",
    "SHORT_BINUNICODE",
)


def _pairs(values: list[Any]) -> Pairs:
    if len(values) % 2:
        raise ValueError("a key of a dictionary has no value")
    return Pairs(zip(values[::2], values[1::2], strict=True))
