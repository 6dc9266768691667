"""Read files with one recipe per line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import open_input

MAX_LINE_BYTES = 1_000_000


def iter_recipes(source: BinaryIO, path: Path, space: Any) -> Iterator[tuple[int, Any]]:
    """Yield line numbers, from 1, and recipes; blank lines are skipped."""
    line = 0
    while content := source.readline(MAX_LINE_BYTES):
        line += 1
        if len(content) == MAX_LINE_BYTES:
            raise UserError(f"{path}, line {line}: longer than {MAX_LINE_BYTES:,} bytes")
        try:
            text = content.decode("utf-8")
            if text.strip():
                yield line, space.parse(text)
        except UnicodeDecodeError:
            raise UserError(f"{path}, line {line}: not UTF-8") from None
        except UserError as error:
            raise UserError(f"{path}, line {line}: {error}") from None


def read_recipes(path: Path, space: Any) -> list[tuple[int, Any]]:
    """Return line numbers and recipes of a file. Raises UserError, also for an empty file."""
    with open_input(path) as source:
        found = list(iter_recipes(source, path, space))
    if not found:
        raise UserError(f"{path} has no recipes: write one per line")
    return found
