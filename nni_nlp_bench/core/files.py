"""Atomic writes, and strict JSON."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.scratch import remove_stale, scratch_folder


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Context of a temporary file that replaces `path` on success.

    Temporary files that killed processes left in the folder are removed. Raises UserError if `path`
    cannot be written, or is a folder, a device or a pipe.
    """
    try:
        check_output_file(path)
        remove_stale(path.parent)
        with scratch_folder(path.parent) as folder:
            new = folder / path.name
            yield new
            new.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def check_output_file(path: Path) -> None:
    """Raise UserError if the path is a folder, a device or a pipe, which no file may replace."""
    if path.is_dir():
        raise UserError(f"{path} is a folder: give the name of a file")
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is a device or a pipe: give the name of a file")


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
