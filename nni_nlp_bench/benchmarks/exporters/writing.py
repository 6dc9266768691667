"""What an export wrote, and what its format could not hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.core.files import atomic_write


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Runs written in full, and one line for each thing that the format cannot hold."""

    written: int
    lost: tuple[str, ...]


@contextmanager
def new_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """A `atomic_write` at a path that is free, or may be overwritten. Raises UserError."""
    if path.exists() and not overwrite:
        raise BenchmarkError(f"{path} already exists: overwrite it or name another file")
    with atomic_write(path) as new:
        yield new
