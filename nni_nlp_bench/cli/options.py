"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

EMBEDDED = "nas-bench-nlp/ptb-surrogate"
FIVE_STRATEGIES = "random,regularized_evolution,local_search,bayesian,tpe"
TEACHER = "minilm-l6"
BUDGET, TABLE, RUN, INPUT, NETWORK = (
    "Budget of each search",
    "Answers of a table",
    "Running",
    "Training data",
    "Network",
)
"""Panels of `--help`."""

BenchmarkName = Annotated[str, typer.Option(help="Name of a benchmark, or folder of a table.")]
SpaceName = Annotated[str, typer.Option(help="Name of the search space.")]
Out = Annotated[Path, typer.Option(help="Output folder.")]
Architecture = Annotated[
    str,
    typer.Option(help="Name, published id, JSON text, or a file that holds one (best.json too)."),
]
Trials = Annotated[int, typer.Option(min=1, help="Number of evaluations.", rich_help_panel=BUDGET)]
Epochs = Annotated[
    int | None,
    typer.Option(min=1, help="Number of epochs of all trainings.", rich_help_panel=BUDGET),
]
Hours = Annotated[
    float | None, typer.Option(help="Number of simulated hours.", rich_help_panel=BUDGET)
]
Workers = Annotated[
    int, typer.Option(min=1, help="Number of simulated parallel workers.", rich_help_panel=BUDGET)
]
Seeds = Annotated[int, typer.Option(min=1, help="Number of seeds, one search each.")]
Seed = Annotated[int, typer.Option(min=0, help="First random seed.")]
OnMissing = Annotated[
    Literal["error", "surrogate", "nearest"],
    typer.Option(
        help="What answers for an architecture that the table lacks.", rich_help_panel=TABLE
    ),
]
RunSelection = Annotated[
    Literal["first", "random", "mean"],
    typer.Option(help="Which run of an architecture counts.", rich_help_panel=TABLE),
]
Restrict = Annotated[
    bool | None,
    typer.Option(
        "--restrict/--no-restrict",
        help="Propose only architectures of the table (default: if it alone answers).",
        rich_help_panel=TABLE,
    ),
]
WarmStart = Annotated[
    str | None,
    typer.Option(help="Zero-cost score that picks the best of ten random architectures."),
]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1, help="Number of parallel processes (default: one per core).", rich_help_panel=RUN
    ),
]
Corpus = Annotated[
    str,
    typer.Option(
        help="Name of a corpus, or a folder with train.txt, valid.txt and test.txt.",
        rich_help_panel=INPUT,
    ),
]
Sentences = Annotated[
    str,
    typer.Option(help="Name or folder of labelled sentences.", rich_help_panel=INPUT),
]
Vectors = Annotated[
    str | None,
    typer.Option(
        help="Word vectors: a file in GloVe's text format, or glove-6b-50d (default: random).",
        rich_help_panel=INPUT,
    ),
]
TeacherName = Annotated[
    str,
    typer.Option(help="Model of the library transformers: minilm-l6, a folder, or a hub's name."),
]
Teacher = Annotated[
    str | None,
    typer.Option(
        help="Teacher to distil from; its tokens and vectors are used.", rich_help_panel=INPUT
    ),
]
KdLoss = Annotated[
    str | None,
    typer.Option(
        help="Distillation loss, or `none` (default: emd). See `list distillation-losses`.",
        rich_help_panel=INPUT,
    ),
]
Embedding = Annotated[
    int,
    typer.Option(
        min=1, help="Width of the embedding and of the last layer.", rich_help_panel=NETWORK
    ),
]
Hidden = Annotated[
    int, typer.Option(min=1, help="Width of the other layers.", rich_help_panel=NETWORK)
]
Layers = Annotated[
    int, typer.Option(min=1, help="Number of recurrent layers.", rich_help_panel=NETWORK)
]
Device = Annotated[str, typer.Option(help="Torch device: cpu, cuda, ...", rich_help_panel=RUN)]
TaskWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Number of local processes (default: one per core).",
        rich_help_panel=RUN,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Dask scheduler, such as tcp://host:8786.", rich_help_panel=RUN),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",")))
