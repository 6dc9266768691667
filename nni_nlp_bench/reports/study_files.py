"""A study in files: study.csv holds its figures, study.json what was compared on what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark, LossName
from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.reports.files import write_rows
from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.study import Figure
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.equal_cost import Cost, left_out_lines
from nni_nlp_bench.strategies.study import Study

FIGURES, STUDY = "study.csv", "study.json"


@dataclass(frozen=True)
class About:
    """What was compared on what."""

    benchmark: str
    objective: LossName
    """The loss that the searches minimise."""
    cost: Cost
    strategies: tuple[StrategyConfig, ...]
    left_out: dict[str, str]
    """Method -> why it cannot run here or on this benchmark."""
    seeds: tuple[int, ...]
    reference: Reference

    @classmethod
    def of(cls, study: Study, benchmark: Benchmark, reference: Reference) -> About:
        """Of a study that has run on this benchmark."""
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
        """Return plain values."""
        return {
            **{field.name: getattr(self, field.name) for field in fields(self)},
            "cost": asdict(self.cost),
            "reference": asdict(self.reference),
            "strategies": [config.to_dict() for config in self.strategies],
        }

    def notes(self) -> list[str]:
        """What a reader of the figures must know, a line each."""
        return [
            f"regret of the test loss, from {self.reference}",
            *_notes_on_the_table(self.objective, self.cost),
            *left_out_lines(self.left_out),
        ]


def write_study(folder: Path, about: About, figures: Sequence[Figure]) -> None:
    """Both files; each appears whole or not at all."""
    write_rows(folder / FIGURES, (asdict(figure) for figure in figures))
    write_json(folder / STUDY, about.to_dict())


def left_out_of(folder: Path) -> tuple[str, ...]:
    """What the study in this folder left out, in lines; empty where the folder holds no study."""
    path = folder / STUDY
    if not path.exists():
        return ()
    return tuple(left_out_lines(json.loads(path.read_text("utf-8"))["left_out"]))


def _notes_on_the_table(objective: LossName, cost: Cost) -> list[str]:
    notes = []
    if objective == "test_loss":
        notes.append(
            "the table records no validation loss: the test loss itself leads the searches"
        )
    if cost.unit == "full trainings":
        notes.append("the table records no times: cost is counted in full trainings")
    return notes
