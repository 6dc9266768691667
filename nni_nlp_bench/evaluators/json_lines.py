"""Append-only log of JSON lines that survives crashes."""

from __future__ import annotations

import json
from io import FileIO
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError


class JournalError(UserError):
    """The log belongs to another search, or cannot be read or written."""


class JsonLines:
    """Append-only file of JSON lines. An incomplete last line is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None
        self.lines: list[dict[str, Any]] = _complete_lines(path)
        """Lines of the file when it was opened."""
        self.empty = not self.lines
        """Whether the file has no lines."""

    def append(self, line: dict[str, Any]) -> None:
        """Append a line and flush it to the operating system."""
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
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    __del__ = close


def _opened_after(path: Path, lines: list[dict[str, Any]]) -> FileIO:
    """Open the file for appending after these lines; anything after them is dropped.

    Unbuffered, so that closing does not retry a failed write.
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
