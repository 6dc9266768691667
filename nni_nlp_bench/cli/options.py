"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

EMBEDDED = "nas-bench-nlp/ptb-surrogate"
FIVE_STRATEGIES = "random,regularized_evolution,local_search,bayesian,tpe"

BenchmarkName = Annotated[str, typer.Option(help="Name of a benchmark, or a table's folder.")]
SpaceName = Annotated[str, typer.Option(help="Name of the search space.")]
Out = Annotated[Path, typer.Option(help="Folder for the results.")]
Trials = Annotated[int, typer.Option(min=1, help="Evaluations of each search.")]
Seeds = Annotated[int, typer.Option(min=1, help="Searches of each strategy, a seed each.")]
Seed = Annotated[int, typer.Option(min=0, help="First random seed.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Also stop after so many epochs in all.")]
Hours = Annotated[float | None, typer.Option(help="Also stop after so many simulated hours.")]
Workers = Annotated[int, typer.Option(min=1, help="Simulated trainings at a time.")]
Miss = Annotated[
    Literal["error", "surrogate", "nearest"],
    typer.Option(help="What answers for an architecture that the benchmark lacks."),
]
Runs = Annotated[
    Literal["first", "drawn", "mean"],
    typer.Option(help="Which of an architecture's runs counts."),
]
Restrict = Annotated[
    bool, typer.Option("--restrict", help="Search only the architectures that the table holds.")
]
WarmStart = Annotated[
    str | None,
    typer.Option(help="A training-free score: random cells are the best of ten by it."),
]
Processes = Annotated[
    int | None, typer.Option(min=1, help="Searches at a time (default: one a core).")
]
CorpusName = Annotated[
    str, typer.Option(help="Name of a corpus, or a folder with train, valid and test texts.")
]
VectorsName = Annotated[
    str | None,
    typer.Option(
        help="Word vectors: a file in GloVe's text format, or glove-6b-50d (default: drawn)."
    ),
]
TEACHER = "minilm-l6"
TeacherName = Annotated[
    str,
    typer.Option(help="A model of the library transformers: minilm-l6, a folder, or a hub's name."),
]
TeacherTokens = Annotated[
    str | None,
    typer.Option(
        "--teacher",
        help="For sentences: the teacher whose tokens and vectors networks start from.",
    ),
]
LESSON = "emd"
Lesson = Annotated[
    str | None,
    typer.Option(help="What is learned from the teacher: a loss of `list` (default: emd), none."),
]
Embedding = Annotated[int, typer.Option(min=1, help="Width of the embedding and the last layer.")]
Hidden = Annotated[int, typer.Option(min=1, help="Width of the other layers.")]
Layers = Annotated[int, typer.Option(min=1, help="Layers of the cell.")]
TaskWorkers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Local processes (default: one a core).")
]
Scheduler = Annotated[
    str | None, typer.Option(help="A scheduler of Dask's, such as tcp://host:8786, to work on.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def names(text: str) -> tuple[str, ...]:
    """The names in a list separated by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",")))
