"""What an export wrote, and what its format could not hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.benchmarks.base import BenchmarkError
from search_spaces.files import whole_file


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Runs written in full, and one line for each thing that the format cannot hold."""

    written: int
    lost: tuple[str, ...]


@contextmanager
def new_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """A `whole_file` at a path that is free, or may be overwritten. Raises UserError."""
    if path.exists() and not overwrite:
        raise BenchmarkError(f"{path} already exists: overwrite it or name another file")
    with whole_file(path) as new:
        yield new
