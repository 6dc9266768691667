"""Source of a report, and validation of the values in its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.searches import SearchRecord


@dataclass(frozen=True)
class SearchSource:
    """Searches that were read from one experiment or folder.

    Attributes:
        name: Name of the experiment, or path of the folder.
        records: Finished searches.
        warnings: What was excluded and why, in sentences without a full stop.
    """

    name: str
    records: tuple[SearchRecord, ...]
    warnings: tuple[str, ...]

    @property
    def benchmarks(self) -> list[str]:
        """Names of the benchmarks of its searches."""
        return list(dict.fromkeys(record.benchmark for record in self.records))

    @property
    def evaluations(self) -> int:
        """Number of evaluations of all its searches."""
        return sum(record.counts.evaluations for record in self.records)

    @property
    def seeds(self) -> str:
        """Seeds as text, such as `0 to 9`; empty if none is recorded."""
        return format_seeds(self.records)


def read_number(record: Any, key: str, where: str) -> float:
    """Return a number of a trial's result.

    Args:
        record: Result that the trial reported.
        key: Name of the number.
        where: Name of the trial for the error message.

    Raises:
        UserError: the value is missing or not a number.
    """
    value = record.get(key) if isinstance(record, Mapping) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise UserError(f"{where} reports no number {key!r}: not a search that a report can read")


def read_text(record: Any, key: str, where: str) -> str:
    """Return a string of a trial's result. Arguments and errors as in `read_number`."""
    value = record.get(key) if isinstance(record, Mapping) else None
    if isinstance(value, str):
        return value
    raise UserError(f"{where} reports no string {key!r}: not a search that a report can read")


def parse_origin(value: Any) -> Any:
    """Return `measured` or `predicted`, or None for anything else."""
    return value if value in ("measured", "predicted") else None


def infer_unit(record: Any) -> LossUnit:
    """Return points or errors if a result has their metric, else nats, as old results do."""
    reported = record if isinstance(record, Mapping) else {}
    others = (LossUnit.POINTS, LossUnit.ERRORS)
    return next((unit for unit in others if unit.metric in reported), LossUnit.NATS)


def format_seeds(records: Iterable[SearchRecord]) -> str:
    """Return the seeds of searches as text, such as `0 to 9`; empty if none is recorded."""
    seeds = sorted({record.seed for record in records if record.seed is not None})
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
