"""Small GLUE tasks by name: sentences or pairs with one of two labels.

Wang et al., GLUE, ICLR 2019. The development set is GLUE's where the published files hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nni_nlp_bench.core.input_files import exists
from nni_nlp_bench.data import task_files
from nni_nlp_bench.data.reading import LineError
from nni_nlp_bench.probing.errors import EvaluationError

MetricName = Literal["accuracy", "f1", "matthews"]


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence, or a pair, and its label."""

    first: str
    second: str | None
    """None if the task labels single sentences."""
    label: int
    """Index in the task's labels."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task with its examples."""

    name: str
    labels: tuple[str, str]
    """Labels as spelled in the files; the second is the positive class of F1."""
    metrics: tuple[MetricName, ...]
    """Metrics of GLUE; the first selects hyperparameters."""
    train: tuple[Example, ...]
    dev: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class TaskFormat:
    """Files and format of a published task."""

    train: tuple[str, ...]
    """Paths relative to the folder of all tasks, as those of `dev`."""
    dev: tuple[str, ...]
    labels: tuple[str, str]
    metrics: tuple[MetricName, ...]
    read: Callable[[Path], Iterator[task_files.Row]]


TASKS = {
    "rte": TaskFormat(
        train=("rte/train.jsonl",),
        dev=("rte/val.jsonl",),
        labels=("not_entailment", "entailment"),
        metrics=("accuracy",),
        read=task_files.read_rte,
    ),
    "mrpc": TaskFormat(
        train=("mrpc/msr-para-train.tsv",),
        dev=("mrpc/msr-para-val.tsv",),
        labels=("0", "1"),
        metrics=("accuracy", "f1"),
        read=task_files.read_mrpc,
    ),
    # GLUE's development set is both: sentences from the sources of training, and from others.
    "cola": TaskFormat(
        train=("cola/in_domain_train.tsv",),
        dev=("cola/in_domain_dev.tsv", "cola/out_of_domain_dev.tsv"),
        labels=("0", "1"),
        metrics=("matthews", "accuracy"),
        read=task_files.read_cola,
    ),
    # GLUE's development set is test.tsv; dev.tsv holds phrases of the sentences in train.tsv.
    "sst2": TaskFormat(
        train=("sst2_tsv/train.tsv",),
        dev=("sst2_tsv/test.tsv",),
        labels=("0", "1"),
        metrics=("accuracy",),
        read=task_files.read_sst2,
    ),
}


def read_task(name: str, folder: Path) -> Task:
    """Read a task by name.

    `folder` has one folder per task. Raises UserError for an unknown name, or a missing or
    damaged file.
    """
    if name not in TASKS:
        raise EvaluationError(f"unknown task {name!r}; known: {', '.join(sorted(TASKS))}")
    published = TASKS[name]
    for path in (*published.train, *published.dev):
        if not exists(folder / path):
            raise EvaluationError(
                f"task {name}: {folder} lacks {path}; give the folder that has it"
            )
    train, dev = (
        tuple(example for path in paths for example in _examples(published, folder / path))
        for paths in (published.train, published.dev)
    )
    return Task(name, published.labels, published.metrics, train, dev)


def _examples(published: TaskFormat, file: Path) -> Iterator[Example]:
    for row in published.read(file):
        if row.label not in published.labels:
            known = " or ".join(published.labels)
            raise LineError(file, row.line, f"the label must be {known}, got {row.label[:40]!r}")
        yield Example(row.first, row.second, published.labels.index(row.label))
