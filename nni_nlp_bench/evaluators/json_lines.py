"""A log on disk, one JSON object a line, that a killed process leaves readable."""

from __future__ import annotations

import json
from io import FileIO
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError


class JournalError(UserError):
    """The log does not belong to this search, or cannot be read or written."""


class JsonLines:
    """The lines of a file, and more of them. A last line that a crash cut short is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None
        self.lines: list[dict[str, Any]] = _complete_lines(path)

    def append(self, line: dict[str, Any]) -> None:
        """Write one more line; it is on its way to the disk when this returns."""
        try:
            if self._file is None:
                self._file = _opened_after(self.path, self.lines)
            text = json.dumps(line).encode() + b"\n"
            if self._file.write(text) < len(text):
                raise OSError("no space left")
        except OSError as error:
            raise JournalError(f"cannot write {self.path}: {error.strerror or error}") from None
        self.lines.append(line)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    __del__ = close


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
