"""A log on disk, one JSON object a line, that a killed process leaves readable."""

from __future__ import annotations

import json
from io import FileIO
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError


class JournalError(UserError):
    """The log does not belong to this search, or cannot be read or written."""


class JsonLines:
    """The lines of a file, and more of them. A last line that a crash cut short is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None
        self.lines: list[dict[str, Any]] = _complete_lines(path)
        """The lines that the file held when it was opened."""
        self.empty = not self.lines
        """Whether the file holds no line now."""

    def append(self, line: dict[str, Any]) -> None:
        """Write one more line; it is on its way to the disk when this returns."""
        try:
            if self._file is None:
                self._file = _opened_after(self.path, self.lines)
            text = _text(line)
            if self._file.write(text) < len(text):
                raise OSError("no space left")
        except OSError as error:
            raise JournalError(f"cannot write {self.path}: {error.strerror or error}") from None
        self.empty = False

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
    part.write_bytes(b"".join(map(_text, lines)))
    part.replace(path)
    return path.open("ab", buffering=0)


def _text(line: dict[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _complete_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    content = path.read_bytes()
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:  # no JSON, or no text
        raise JournalError(f"{path} is damaged ({error}); delete it to start over") from None
