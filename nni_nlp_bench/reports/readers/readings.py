"""What one source of a report holds, and how the numbers in its records are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.searches import SearchRecord


@dataclass(frozen=True)
class SearchSource:
    """One experiment or folder."""

    name: str
    records: tuple[SearchRecord, ...]
    """Finished searches."""
    remarks: tuple[str, ...]
    """What was left out and why, in sentences without a stop."""

    @property
    def benchmarks(self) -> list[str]:
        """Where its results come from."""
        return list(dict.fromkeys(record.benchmark for record in self.records))

    @property
    def evaluations(self) -> int:
        """Of all its searches."""
        return sum(record.counts.evaluations for record in self.records)

    @property
    def seeds(self) -> str:
        """The seeds in words, empty where none is recorded."""
        return seeds_word(self.records)


def number(record: Any, key: str, where: str) -> float:
    """A number of a trial's result. Raises UserError where it is missing or no number."""
    value = record.get(key) if isinstance(record, Mapping) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise UserError(f"{where} reports no number {key!r}: it is not a search that a report can read")


def text(record: Any, key: str, where: str) -> str:
    """A text of a trial's result. Raises UserError where it is missing or no text."""
    value = record.get(key) if isinstance(record, Mapping) else None
    if isinstance(value, str):
        return value
    raise UserError(f"{where} reports no text {key!r}: it is not a search that a report can read")


def origin_of(value: Any) -> Any:
    """`measured` or `predicted`, else None: not recorded."""
    return value if value in ("measured", "predicted") else None


def unit_of(record: Any) -> LossUnit:
    """Points where a trial's result tells a score; before there were points, losses were nats."""
    points = isinstance(record, Mapping) and LossUnit.POINTS.figure in record
    return LossUnit.POINTS if points else LossUnit.NATS


def seeds_word(records: Iterable[SearchRecord]) -> str:
    """The seeds of searches in words, such as `0 to 9`; empty where none is recorded."""
    seeds = sorted({record.seed for record in records if record.seed is not None})
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
