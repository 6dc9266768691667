"""A log of evaluations on disk, from which an interrupted search goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from nni_nlp_bench.benchmarks.base import Result
from search_spaces.errors import UserError


class JournalError(UserError):
    """The log does not belong to this search."""


class Journal:
    """Evaluations in order, one JSON object a line. A search replays them before it goes on.

    A strategy is deterministic, so a replay leads it to where it was; an evaluation that differs
    from the log raises JournalError. A last line that a crash cut short is dropped.
    """

    def __init__(self, path: Path, parse: Callable[[str], Any]) -> None:
        self.path = path
        self._parse = parse
        self._lines = _complete_lines(path)
        self._file: TextIO | None = None

    def __len__(self) -> int:
        """Evaluations that were logged before."""
        return len(self._lines)

    def recall(
        self, index: int, architecture: Any, epochs: int | None
    ) -> tuple[Any, Result] | None:
        """The logged answer to evaluation `index`; None beyond the log. Raises JournalError."""
        if index >= len(self._lines):
            return None
        line = self._lines[index]
        if (line["key"], line["epochs"]) != (architecture.canonical_key, epochs):
            raise JournalError(
                f"{self.path}, line {index + 1}: logged by another search; "
                "use the same options, or another output folder"
            )
        text = line["evaluated"]
        return architecture if text is None else self._parse(text), Result(**line["result"])

    def record(self, architecture: Any, epochs: int | None, evaluated: Any, result: Result) -> None:
        """Append one evaluation; it is on disk when this returns."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = "".join(json.dumps(line) + "\n" for line in self._lines)
            if not self.path.exists() or self.path.read_text("utf-8") != text:
                self.path.write_text(text, "utf-8")
            self._file = self.path.open("a", encoding="utf-8")
        line = {
            "key": architecture.canonical_key,
            "epochs": epochs,
            "evaluated": None if evaluated is architecture else evaluated.to_json(),
            "result": asdict(result),
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _complete_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    text = path.read_text("utf-8")
    lines = text[: text.rfind("\n") + 1].splitlines()
    try:
        return [json.loads(line) for line in lines]
    except json.JSONDecodeError as error:
        raise JournalError(f"{path} is damaged ({error}); delete it to start over") from None
