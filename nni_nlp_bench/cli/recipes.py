"""Files of recipes, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from nni_nlp_bench.core.errors import UserError

MAX_LINE_BYTES = 1_000_000


def opened(path: Path) -> BinaryIO:
    """The file, open for reading. Raises UserError."""
    try:
        return path.open("rb")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def numbered(source: BinaryIO, path: Path, space: Any) -> Iterator[tuple[int, Any]]:
    """The recipes with the numbers of their lines, from 1; blank lines are passed over."""
    line = 0
    while content := source.readline(MAX_LINE_BYTES):
        line += 1
        try:
            text = content.decode("utf-8")
            if text.strip():
                yield line, space.parse(text)
        except UnicodeDecodeError:
            raise UserError(f"{path}, line {line}: not a text") from None
        except UserError as error:
            raise UserError(f"{path}, line {line}: {error}") from None


def read_recipes(path: Path, space: Any) -> list[tuple[int, Any]]:
    """All of them. Raises UserError, also for a file without any."""
    with opened(path) as source:
        found = list(numbered(source, path, space))
    if not found:
        raise UserError(f"{path} holds no recipe: write one a line")
    return found
