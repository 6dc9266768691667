"""Reading of text files with line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import read_text


class LineError(UserError):
    """A line of a file is invalid; the message names the file and the line."""

    def __init__(self, path: Path | str, number: int, fault: str) -> None:
        super().__init__(f"{path}:{number}: {fault}")


def read_lines(path: Path, encoding: str = "utf-8-sig") -> list[str]:
    """Return the lines of a text file, plain or .gz, without LF or CR LF.

    Raises UserError where the file cannot be read, holds nothing, or is no text.
    """
    text = read_text(path, encoding=encoding)
    if not text:
        raise UserError(f"{path} is empty: download it again")
    # str.splitlines also splits at rarer characters, which sentences may contain.
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def numbered_lines(path: Path, encoding: str = "utf-8-sig") -> Iterator[tuple[int, str]]:
    """Return the lines of a text file with numbers from 1. Raises UserError as `read_lines`."""
    yield from enumerate(read_lines(path, encoding), start=1)
