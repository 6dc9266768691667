"""Reports of exports, and their output files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.core.files import atomic_write


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Number of exported runs, and one line per limitation of the format."""

    written: int
    lost: tuple[str, ...]


@contextmanager
def new_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """Context of an atomic write to a new path, or to an existing one with `overwrite`."""
    if path.exists() and not overwrite:
        raise BenchmarkError(f"{path} already exists: overwrite it or name another file")
    with atomic_write(path) as new:
        yield new
