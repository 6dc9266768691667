"""A log of evaluations on disk, from which an interrupted search is resumed."""

from __future__ import annotations

from base64 import b85decode, b85encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import OK, Result
from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines
from nni_nlp_bench.evaluators.trial import pack, unpack

_FORMAT = 2
_END: dict[str, Any] = {"finished": True}


class Journal:
    """The evaluations of one search in order, one per line, which a resumed search replays.

    Strategies are deterministic, so a replay restores their state; an evaluation that differs from
    the log raises JournalError. An incomplete last line is dropped. Architectures are stored
    compressed, and result fields only if they differ from their defaults.

    Args:
        path: The file.
        benchmark: Name of the benchmark that answers the search.
        parse: Turns the JSON text of an architecture into the architecture.
    """

    def __init__(self, path: Path, benchmark: str, parse: Callable[[str], Any]) -> None:
        self._parse = parse
        self._log = JsonLines(path)
        self._usual = {"status": OK, "seed": None, "origin": "measured", "source": benchmark}
        lines = self._log.lines
        if lines and lines[0] != self._header:
            raise JournalError(
                f"{path}: written by another version, or for another benchmark; choose another "
                "output folder"
            )
        self.finished = lines[-1:] == [_END]
        """Whether the search is complete."""
        self._logged = lines[1 : -1 if self.finished else None]

    @property
    def _header(self) -> dict[str, Any]:
        return {"format": _FORMAT, "benchmark": self._usual["source"]}

    def __len__(self) -> int:
        """Number of evaluations in the log when it was opened."""
        return len(self._logged)

    def asked(self) -> Iterator[tuple[Any, int | None, float]]:
        """Iterate over the architectures, epochs, and simulated seconds of their proposals."""
        for line in self._logged:
            yield self._unpack(line["arch"]), line.get("epochs"), line["asked_s"]

    def recall(
        self, index: int, architecture: Any, epochs: int | None
    ) -> tuple[Any, Result] | None:
        """Return the logged answer to evaluation `index`; None beyond the log.

        Raises JournalError if another evaluation was logged.
        """
        if index >= len(self._logged):
            return None
        line = self._logged[index]
        if self._unpack(line["arch"]) != architecture or line.get("epochs") != epochs:
            raise JournalError(
                f"{self._log.path}, line {index + 2}: logged by another search; "
                "use the same options, or another output folder"
            )
        evaluated = self._unpack(line["nearest"]) if "nearest" in line else architecture
        return evaluated, _result(line["result"], self._usual)

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

    def finish(self) -> None:
        """Mark the search as complete and close the file."""
        if not self.finished:
            self._log.append(_END)
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def _unpack(self, packed: str) -> Any:
        return self._parse(unpack(b85decode(packed)))


def _pack(architecture: Any) -> str:
    return b85encode(pack(architecture)).decode()


def _fields(result: Result, usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that differ from their defaults."""
    fields = asdict(result)
    return {name: value for name, value in fields.items() if value != usual.get(name)}


def _result(fields: Mapping[str, Any], usual: Mapping[str, Any]) -> Result:
    losses = dict.fromkeys(("train_loss", "val_loss", "test_loss"))
    return Result(**{**losses, **usual, **fields})
