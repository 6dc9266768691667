"""A log of evaluations on disk, from which an interrupted search goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import Result
from search_spaces.errors import UserError

_END: dict[str, Any] = {"finished": True}


class JournalError(UserError):
    """The log does not belong to this search, or cannot be read or written."""


class Journal:
    """Evaluations in order, one JSON object a line. A search replays them before it goes on.

    A strategy is deterministic, so a replay leads it to where it was; an evaluation that differs
    from the log raises JournalError. A last line that a crash cut short is dropped.
    """

    def __init__(self, path: Path, parse: Callable[[str], Any]) -> None:
        self.path = path
        self._parse = parse
        self._lines = _complete_lines(path)
        self.finished = bool(self._lines) and self._lines[-1] == _END
        """Whether the search that wrote it ran to its end."""
        if self.finished:
            self._lines.pop()
        self._file: FileIO | None = None

    def __len__(self) -> int:
        """Evaluations that were logged before."""
        return len(self._lines)

    def asked(self) -> Iterator[tuple[Any, int | None]]:
        """The architectures and epochs that were evaluated."""
        for line in self._lines:
            yield self._parse(line["architecture"]), line["epochs"]

    def recall(
        self, index: int, architecture: Any, epochs: int | None
    ) -> tuple[Any, Result] | None:
        """The logged answer to evaluation `index`; None beyond the log. Raises JournalError."""
        if index >= len(self._lines):
            return None
        line = self._lines[index]
        if self._parse(line["architecture"]) != architecture or line["epochs"] != epochs:
            raise JournalError(
                f"{self.path}, line {index + 1}: logged by another search; "
                "use the same options, or another output folder"
            )
        stand_in = line["evaluated"]
        evaluated = architecture if stand_in is None else self._parse(stand_in)
        return evaluated, Result(**line["result"])

    def record(self, architecture: Any, epochs: int | None, evaluated: Any, result: Result) -> None:
        """Append one evaluation; it is written when this returns."""
        stand_in = None if evaluated is architecture else evaluated.to_json()
        self._append(
            {
                "architecture": architecture.to_json(),
                "epochs": epochs,
                "evaluated": stand_in,
                "result": asdict(result),
            }
        )

    def finish(self) -> None:
        """Note that the search ran to its end, and let go of the file."""
        if not self.finished:
            self._append(_END)
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, line: dict[str, Any]) -> None:
        try:
            if self._file is None:
                self._file = _opened_after(self.path, self._lines)
            text = json.dumps(line).encode() + b"\n"
            if self._file.write(text) < len(text):
                raise OSError("no space left")
        except OSError as error:
            raise JournalError(f"cannot write {self.path}: {error.strerror or error}") from None
        if line != _END:
            self._lines.append(line)


def _opened_after(path: Path, lines: list[dict[str, Any]]) -> FileIO:
    """The file, open for appending after these lines: whatever a crash left behind them goes.

    Without a buffer, so that a line that could not be written is not tried again on closing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    part.replace(path)
    return path.open("ab", buffering=0)


def _complete_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    content = path.read_bytes()
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:  # no JSON, or no text
        raise JournalError(f"{path} is damaged ({error}); delete it to start over") from None
