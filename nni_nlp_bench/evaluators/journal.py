"""A log of evaluations on disk, from which an interrupted search is resumed."""

from __future__ import annotations

import zlib
from base64 import b85decode, b85encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import OK, Benchmark, Result
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines
from nni_nlp_bench.evaluators.trial import pack, unpack

_FORMAT = 3
_FINISHED = "finished"
_NUMBERS = ("train_loss", "val_loss", "test_loss", "wall_time_s", "epoch", "seed", "std")
_TEXTS = ("status", "origin", "source")


class Journal:
    """The evaluations of one search in order, one per line, which a resumed search replays.

    Strategies are deterministic, so a replay restores their state; an evaluation that differs from
    the log raises JournalError. An incomplete last line is dropped. Architectures are stored
    compressed, and result fields only if they differ from their defaults. The last line of a
    complete search holds the number of evaluations and the SHA-256 of all lines before it.

    Args:
        path: The file.
        benchmark: Benchmark that answers the search.
        parse: Turns the JSON text of an architecture into the architecture.

    Raises:
        JournalError: The file is damaged, cannot be read, or belongs to another benchmark.
    """

    def __init__(self, path: Path, benchmark: Benchmark, parse: Callable[[str], Any]) -> None:
        self._parse = parse
        self._log = JsonLines(path)
        self._usual = {"status": OK, "seed": None, "origin": "measured", "source": benchmark.name}
        self._header = {"format": _FORMAT, "benchmark": benchmark.name, "data": benchmark.digest}
        lines = self._log.lines
        if lines and lines[0] != self._header:
            raise JournalError(
                f"{path}: written by another version, for another benchmark, or for other data of "
                f"{benchmark.name}; choose another output folder"
            )
        self.finished = bool(lines) and _FINISHED in lines[-1]
        """Whether the search is complete."""
        self._recorded = 0
        self._logged = lines[1 : -1 if self.finished else None]
        if self.finished and lines[-1] != self._end(len(self), self._log.digest_before_last):
            raise JournalError(
                f"{path} is damaged (its checksum is wrong): delete it to start over"
            )

    def __len__(self) -> int:
        """Number of evaluations in the log when it was opened."""
        return len(self._logged)

    def asked(self) -> Iterator[tuple[Any, int | None, float]]:
        """Iterate over the architectures, epochs, and simulated seconds of their proposals."""
        for index in range(len(self)):
            entry = self._entry(index)
            yield entry.architecture, entry.epochs, entry.asked_s

    def recall(
        self, index: int, architecture: Any, epochs: int | None
    ) -> tuple[Any, Result] | None:
        """Return the logged answer to evaluation `index`; None beyond the log.

        Raises JournalError if another evaluation was logged, or the line is damaged.
        """
        if index >= len(self):
            return None
        entry = self._entry(index)
        if entry.architecture != architecture or entry.epochs != epochs:
            raise JournalError(
                f"{self._log.path}, line {index + 2}: logged by another search; "
                "use the same options, or another output folder"
            )
        return architecture if entry.nearest is None else entry.nearest, entry.result

    def record(
        self,
        architecture: Any,
        epochs: int | None,
        asked_s: float,
        evaluated: Any,
        result: Result,
    ) -> None:
        """Append one evaluation and flush it to the operating system."""
        if self._log.empty:
            self._log.append(self._header)
        line: dict[str, Any] = {"arch": _pack(architecture)}
        if epochs is not None:
            line["epochs"] = epochs
        if evaluated is not architecture:
            line["nearest"] = _pack(evaluated)
        self._log.append({**line, "asked_s": asked_s, "result": _fields(result, self._usual)})
        self._recorded += 1

    def finish(self) -> None:
        """Mark the search as complete and close the file."""
        if not self.finished:
            self._log.append(self._end(len(self) + self._recorded, self._log.digest))
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    @staticmethod
    def _end(evaluations: int, digest: str) -> dict[str, Any]:
        return {_FINISHED: True, "evaluations": evaluations, "sha256": digest}

    def _entry(self, index: int) -> _Entry:
        """Return the evaluation on a line. Raises JournalError if the line is damaged."""
        line = self._logged[index]
        try:
            return _Entry(
                self._unpack(line["arch"]),
                line.get("epochs"),
                float(line["asked_s"]),
                self._unpack(line["nearest"]) if "nearest" in line else None,
                _result(line["result"], self._usual),
            )
        except (AttributeError, KeyError, TypeError, ValueError, zlib.error, UserError):
            raise JournalError(
                f"{self._log.path}, line {index + 2}, is damaged: delete the file to start over"
            ) from None

    def _unpack(self, packed: str) -> Any:
        return self._parse(unpack(b85decode(packed)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One logged evaluation."""

    architecture: Any
    epochs: int | None
    asked_s: float
    nearest: Any
    """The evaluated architecture if it was replaced, else None."""
    result: Result


def _pack(architecture: Any) -> str:
    return b85encode(pack(architecture)).decode()


def _fields(result: Result, usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that differ from their defaults."""
    fields = asdict(result)
    return {name: value for name, value in fields.items() if value != usual.get(name)}


def _result(fields: Mapping[str, Any], usual: Mapping[str, Any]) -> Result:
    """Return a logged result. Raises TypeError for a field that is unknown or of a wrong type."""
    losses = dict.fromkeys(("train_loss", "val_loss", "test_loss"))
    result = Result(**{**losses, **usual, **fields})
    metrics = (result.metrics or {}).values()
    numbers = (*(getattr(result, name) for name in _NUMBERS), *metrics)
    texts = (getattr(result, name) for name in _TEXTS)
    if not all(isinstance(value, int | float | None) for value in numbers):
        raise TypeError
    if not all(isinstance(value, str) for value in texts):
        raise TypeError
    return result
