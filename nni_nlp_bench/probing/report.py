"""An evaluation as rows of a table, as CSV and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from nni_nlp_bench.core import files
from nni_nlp_bench.probing.classification import TaskResult
from nni_nlp_bench.probing.evaluate import Evaluation
from nni_nlp_bench.probing.word_similarity import Similarity

COLUMNS = ("set or task", "figure", "value", "majority", "examples", "known", "remark")
"""What stands above `table_rows`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of an evaluation: 1 is best."""

    kind: Literal["word_similarity", "task"]
    name: str
    """Of the set or the task."""
    metric: str
    value: float | None
    """None where it is undefined, for `remark` says why."""
    majority: float | None
    """The same figure for always saying the commonest label; None for word similarity."""
    examples: int
    """What the figure is over: known pairs, or the development set."""
    known_share: float | None
    """Share of the pairs, or of the tasks' words, that the vocabulary has."""
    remark: str | None


def figures(evaluation: Evaluation) -> list[Figure]:
    """Every figure: sets of word pairs first, then tasks."""
    similar = [_similarity(found) for found in evaluation.similarities]
    return similar + [figure for found in evaluation.tasks for figure in _task(found)]


def table_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """The figures in words, below COLUMNS; `-` stands for what there is not."""
    return [
        (
            figure.name,
            figure.metric,
            _shown(figure.value, ".3f"),
            _shown(figure.majority, ".3f"),
            f"{figure.examples:,}",
            _shown(figure.known_share, ".1%"),
            figure.remark or "",
        )
        for figure in figures(evaluation)
    ]


def report(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that is known, in plain values."""
    return {
        "seed": evaluation.seed,
        "word_similarity": [
            {**asdict(found), "known_share": found.known_share} for found in evaluation.similarities
        ],
        "tasks": [asdict(found) for found in evaluation.tasks],
    }


def write_json(path: Path, evaluation: Evaluation) -> None:
    """The report as strict JSON. Raises UserError where it cannot be written."""
    files.write_json(path, report(evaluation))


def write_csv(path: Path, evaluation: Evaluation) -> None:
    """One row a figure; a field is empty where there is nothing. Raises UserError."""
    columns = [field.name for field in fields(Figure)]
    files.write_csv(path, columns, map(asdict, figures(evaluation)))


def _similarity(found: Similarity) -> Figure:
    return Figure(
        kind="word_similarity",
        name=found.name,
        metric="spearman",
        value=found.rho,
        majority=None,
        examples=found.known_pairs,
        known_share=found.known_share,
        remark=found.remark,
    )


def _task(found: TaskResult) -> Iterator[Figure]:
    remark = f"{found.empty:,} sentences have no word with an id" if found.empty else None
    for score in found.scores:
        yield Figure(
            kind="task",
            name=found.task,
            metric=score.metric,
            value=score.value,
            majority=score.majority,
            examples=found.dev,
            known_share=found.known_words,
            remark=remark,
        )


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
