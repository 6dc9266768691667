"""What an export wrote, and what its format could not hold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.benchmarks.base import BenchmarkError


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Runs written in full, and one line for each thing that the format cannot hold."""

    written: int
    lost: tuple[str, ...]


@contextmanager
def new_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary file beside `path` that becomes `path` when the block ends without an error.

    Raises BenchmarkError where `path` exists and may not be overwritten, or cannot be written.
    """
    path = path.absolute()
    if path.exists() and not overwrite:
        raise BenchmarkError(f"{path} already exists: overwrite it or name another file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            new = Path(folder) / path.name
            yield new
            new.replace(path)
    except OSError as error:
        raise BenchmarkError(f"cannot write {path}: {error}") from error
