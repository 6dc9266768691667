"""Atomic writes, and strict JSON."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_folder


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Context of a temporary file that replaces `path` on success.

    Raises UserError if it cannot be written.
    """
    if is_folder(path):
        raise UserError(f"{path} is a folder: give the name of a file")
    try:
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
            new = Path(folder) / path.name
            yield new
            new.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def strict_json(value: Any) -> str:
    """Return strict JSON; numbers that are not finite become null."""
    return json.dumps(_strict(value), indent=2, allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON atomically. Raises UserError."""
    with atomic_write(path) as new:
        new.write_text(strict_json(value) + "\n", "utf-8")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a header and rows as CSV atomically. Raises UserError."""
    with atomic_write(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _strict(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value
