"""What an importer hands back, and what an import reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit

Progress = Callable[[int, int], None]
"""Called with the number of entries done and the number of all."""


class Skipped(NamedTuple):
    """An entry of a source that gave no run."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read from one source."""

    runs: tuple[TrainingRun, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """What the source's format cannot tell, and what was assumed for it."""
    has_curves: bool = True
    space: str = "rnn_cell"
    unit: LossUnit = LossUnit.NATS
    epochs: int | None = None
    """Of a full training; None where the source does not tell."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import read, kept and left out."""

    read: int
    """Entries of the source: runs kept and entries skipped."""
    kept: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


def no_progress(done: int, total: int) -> None:
    """Report nothing."""
