"""A log of evaluations on disk, from which an interrupted search goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import Result
from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines

_END: dict[str, Any] = {"finished": True}


class Journal:
    """Evaluations in order, one JSON object a line. A search replays them before it goes on.

    A strategy is deterministic, so a replay leads it to where it was; an evaluation that differs
    from the log raises JournalError. A last line that a crash cut short is dropped.
    """

    def __init__(self, path: Path, parse: Callable[[str], Any]) -> None:
        self._parse = parse
        self._log = JsonLines(path)

    @property
    def finished(self) -> bool:
        """Whether the search that wrote it ran to its end."""
        return self._log.lines[-1:] == [_END]

    def __len__(self) -> int:
        """Evaluations that were logged."""
        return len(self._log.lines) - self.finished

    def asked(self) -> Iterator[tuple[Any, int | None, float]]:
        """The architectures, the epochs, and the simulated second at which each was asked for."""
        for number, line in enumerate(self._log.lines[: len(self)], start=1):
            if "asked_s" not in line:
                raise JournalError(
                    f"{self._log.path}, line {number}: written by an earlier version; "
                    "choose another output folder"
                )
            yield self._parse(line["architecture"]), line["epochs"], line["asked_s"]

    def recall(
        self, index: int, architecture: Any, epochs: int | None
    ) -> tuple[Any, Result] | None:
        """The logged answer to evaluation `index`; None beyond the log. Raises JournalError."""
        if index >= len(self):
            return None
        line = self._log.lines[index]
        if self._parse(line["architecture"]) != architecture or line["epochs"] != epochs:
            raise JournalError(
                f"{self._log.path}, line {index + 1}: logged by another search; "
                "use the same options, or another output folder"
            )
        stand_in = line["evaluated"]
        evaluated = architecture if stand_in is None else self._parse(stand_in)
        return evaluated, Result(**line["result"])

    def record(
        self,
        architecture: Any,
        epochs: int | None,
        asked_s: float,
        evaluated: Any,
        result: Result,
    ) -> None:
        """Append one evaluation; it is written when this returns."""
        stand_in = None if evaluated is architecture else evaluated.to_json()
        self._log.append(
            {
                "architecture": architecture.to_json(),
                "epochs": epochs,
                "asked_s": asked_s,
                "evaluated": stand_in,
                "result": asdict(result),
            }
        )

    def finish(self) -> None:
        """Note that the search ran to its end, and let go of the file."""
        if not self.finished:
            self._log.append(_END)
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._log.close()
