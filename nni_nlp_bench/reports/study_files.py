"""Write a study to files: study.csv has the results, study.json the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark, LossName
from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.core.parse_json import read_json
from nni_nlp_bench.reports.files import write_rows
from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.study import StudyRow
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.equal_cost import Cost, left_out_lines
from nni_nlp_bench.strategies.study import Study

ROWS, STUDY = "study.csv", "study.json"


@dataclass(frozen=True)
class StudyMetadata:
    """Settings of a study: benchmark, strategies, seeds and cost."""

    benchmark: str
    objective: LossName
    """Loss that the searches minimise."""
    cost: Cost
    strategies: tuple[StrategyConfig, ...]
    left_out: dict[str, str]
    """Reason why a method cannot run here or on this benchmark, by method."""
    seeds: tuple[int, ...]
    reference: Reference

    @classmethod
    def of(cls, study: Study, benchmark: Benchmark, reference: Reference) -> StudyMetadata:
        """Return the settings of a study on a benchmark."""
        return cls(
            benchmark=benchmark.name,
            objective=benchmark.objective,
            cost=study.cost,
            strategies=study.comparison.strategies,
            left_out=study.left_out,
            seeds=study.comparison.seeds,
            reference=reference,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {
            **{field.name: getattr(self, field.name) for field in fields(self)},
            "cost": asdict(self.cost),
            "reference": asdict(self.reference),
            "strategies": [config.to_dict() for config in self.strategies],
        }

    def notes(self) -> list[str]:
        """Return notes on how to read the results, one line each."""
        return [
            f"regret of the test loss, relative to {self.reference}",
            *_table_notes(self.objective, self.cost),
            *left_out_lines(self.left_out),
        ]


def write_study(folder: Path, metadata: StudyMetadata, rows: Sequence[StudyRow]) -> None:
    """Write study.csv and study.json, each atomically."""
    write_rows(folder / ROWS, (asdict(row) for row in rows))
    write_json(folder / STUDY, metadata.to_dict())


def left_out_of(folder: Path) -> tuple[str, ...]:
    """Return a line per method that the study in a folder left out; empty if it has no study."""
    path = folder / STUDY
    if not path.exists():
        return ()
    return tuple(left_out_lines(read_json(path)["left_out"]))


def _table_notes(objective: LossName, cost: Cost) -> list[str]:
    notes = []
    if objective == "test_loss":
        notes.append("the table has no validation loss: the searches minimise the test loss itself")
    if cost.unit == "full trainings":
        notes.append("the table has no training times: cost is measured in full trainings")
    return notes
