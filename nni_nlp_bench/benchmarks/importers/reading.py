"""Results of importers, and reports of imports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit

Progress = Callable[[int, int], None]
"""Called with the numbers of read and of all entries."""


class Skipped(NamedTuple):
    """An entry of a source that could not be read."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Content of one source."""

    runs: tuple[TrainingRun, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """Assumptions about information that the format lacks."""
    has_curves: bool = True
    space: str = "rnn_cell"
    unit: LossUnit = LossUnit.NATS
    epochs: int | None = None
    """Epochs of a full training; None if unknown."""
    metrics: tuple[Objective, ...] = ()
    """Metrics of the runs, with units and directions."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Report of an import."""

    read: int
    """Number of entries: imported runs and skipped entries."""
    kept: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


def no_progress(done: int, total: int) -> None:
    """Report nothing."""
