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
    check_output_file(path)
    try:
        remove_stale(path.parent)
        with scratch_folder(path.parent) as folder:
            new = folder / path.name
            yield new
            new.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def check_output_file(path: Path, *inputs: Path) -> None:
    """Raise UserError if a file may not replace the path.

    That is a folder, a device, a pipe, or one of the inputs: a file, or a file in a folder.
    """
    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder: give the name of a file")
        if path.exists() and not path.is_file():
            raise UserError(f"{path} is a device or a pipe: give the name of a file")
        if path.exists() and any(_contains(source, path) for source in inputs):
            raise UserError(f"{path} is an input of the command: give the name of another file")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def _contains(source: Path, file: Path) -> bool:
    """Return whether a path is this file, or a folder that contains it."""
    if not source.exists():
        return False
    return file.samefile(source) or source.resolve() in file.resolve().parents


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
