"""Evaluation results as a table, CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from nni_nlp_bench.core import files
from nni_nlp_bench.probing.classification import TaskResult
from nni_nlp_bench.probing.evaluate import Evaluation
from nni_nlp_bench.probing.word_similarity import Similarity

COLUMNS = ("set or task", "metric", "value", "majority", "examples", "known", "note")
"""Headings of `table_rows`."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of an evaluation: 1 is best."""

    kind: Literal["word_similarity", "task"]
    name: str
    """Name of the word-pair set or the task."""
    metric: str
    value: float | None
    """None if undefined; `note` gives the reason."""
    majority: float | None
    """The same metric of the majority baseline; None for word similarity."""
    examples: int
    """Number of known pairs, or of development examples."""
    known_share: float | None
    """Fraction of the pairs, or of the tasks' words, in the vocabulary."""
    note: str | None


def metric_rows(evaluation: Evaluation) -> list[MetricRow]:
    """Return all metrics: word similarity first, then tasks."""
    similar = [_similarity(found) for found in evaluation.similarities]
    return similar + [row for found in evaluation.tasks for row in _task(found)]


def table_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """Return the metrics as text, in the order of COLUMNS; `-` for missing values."""
    return [
        (
            row.name,
            row.metric,
            _shown(row.value, ".3f"),
            _shown(row.majority, ".3f"),
            f"{row.examples:,}",
            _shown(row.known_share, ".1%"),
            row.note or "",
        )
        for row in metric_rows(evaluation)
    ]


def report(evaluation: Evaluation) -> dict[str, Any]:
    """Return all results as JSON-compatible values."""
    return {
        "seed": evaluation.seed,
        "word_similarity": [
            {**asdict(found), "known_share": found.known_share} for found in evaluation.similarities
        ],
        "tasks": [asdict(found) for found in evaluation.tasks],
    }


def write_json(path: Path, evaluation: Evaluation) -> None:
    """Write the results as strict JSON. Raises UserError."""
    files.write_json(path, report(evaluation))


def write_csv(path: Path, evaluation: Evaluation) -> None:
    """Write one row per metric; missing values are empty. Raises UserError."""
    columns = [field.name for field in fields(MetricRow)]
    files.write_csv(path, columns, map(asdict, metric_rows(evaluation)))


def _similarity(found: Similarity) -> MetricRow:
    return MetricRow(
        kind="word_similarity",
        name=found.name,
        metric="spearman",
        value=found.rho,
        majority=None,
        examples=found.known_pairs,
        known_share=found.known_share,
        note=found.note,
    )


def _task(found: TaskResult) -> Iterator[MetricRow]:
    note = f"{found.empty:,} sentences have no known word" if found.empty else None
    for score in found.scores:
        yield MetricRow(
            kind="task",
            name=found.task,
            metric=score.metric,
            value=score.value,
            majority=score.majority,
            examples=found.dev,
            known_share=found.known_words,
            note=note,
        )


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
