"""The lines of a text file, and errors that name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from search_spaces.errors import UserError


class EvaluationError(UserError):
    """A model cannot be evaluated so; the message names the remedy."""


class LineError(EvaluationError):
    """A line of a file is not what it should be; the message names the file and the line."""

    def __init__(self, path: Path, number: int, fault: str) -> None:
        super().__init__(f"{path}:{number}: {fault}")


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file, counted from 1, without their ends: LF or CR LF.

    Raises EvaluationError where the file cannot be read or holds nothing.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise EvaluationError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not UTF-8 text: {error.reason}; convert it") from None
    if not text:
        raise EvaluationError(f"{path} is empty: fetch it again")
    # str.splitlines would end lines at rarer characters too, which a sentence may hold.
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        yield number, line.removesuffix("\r")
