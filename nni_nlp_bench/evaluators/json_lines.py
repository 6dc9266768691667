"""Append-only log of JSON lines that survives crashes."""

from __future__ import annotations

import hashlib
import json
from io import FileIO
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError


class JournalError(UserError):
    """The log belongs to another search, or cannot be read or written."""


class JsonLines:
    """Append-only file of JSON objects, one per line. An incomplete last line is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None
        content = _complete_lines(path)
        self._size = len(content)
        self.lines: list[dict[str, Any]] = _parsed(content, path)
        """Lines of the file when it was opened."""
        self.empty = not self.lines
        """Whether the file has no lines."""
        last = content[:-1].rfind(b"\n") + 1
        self._sha256 = hashlib.sha256(content[:last])
        self.digest_before_last = self.digest
        """SHA-256 of all lines but the last, when the file was opened."""
        self._sha256.update(content[last:])

    @property
    def digest(self) -> str:
        """SHA-256 of all lines."""
        return self._sha256.hexdigest()

    def append(self, line: dict[str, Any]) -> None:
        """Append a line and flush it to the operating system."""
        text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            if self._file is None:
                self._file = _opened(self.path, self._size)
            if self._file.write(text) < len(text):
                raise OSError("no space left")
        except OSError as error:
            raise JournalError(f"cannot write {self.path}: {error.strerror or error}") from None
        self._sha256.update(text)
        self.empty = False

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    __del__ = close


def _opened(path: Path, size: int) -> FileIO:
    """Open the file for appending after its complete lines; anything after them is dropped.

    Unbuffered, so that closing does not retry a failed write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab", buffering=0)
    file.truncate(size)
    return file


def _complete_lines(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror or error}") from None
    return content[: content.rfind(b"\n") + 1]


def _parsed(content: bytes, path: Path) -> list[dict[str, Any]]:
    lines = []
    for number, text in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):  # no JSON, or no text
            line = None
        if not isinstance(line, dict):
            raise JournalError(f"{path}, line {number}, is damaged: delete the file to start over")
        lines.append(line)
    return lines
