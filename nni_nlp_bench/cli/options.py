"""Options shared by several commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import check_output_file
from nni_nlp_bench.core.limits import (
    MAX_COUNT,
    MAX_LAYERS,
    MAX_PROCESSES,
    MAX_SEED,
    MAX_SEEDS,
    MAX_WIDTH,
)

EMBEDDED = "nas-bench-nlp/ptb-surrogate"
FIVE_STRATEGIES = "random,regularized_evolution,local_search,bayesian,tpe"
TEACHER = "minilm-l6"
BUDGET, QUERIES, EXECUTION, INPUT, NETWORK = (
    "Budget of each search",
    "Benchmark queries",
    "Execution",
    "Data",
    "Network",
)
"""Panels of `--help`."""

BenchmarkName = Annotated[str, typer.Option(help="Name of a benchmark, or folder of a table.")]
SpaceName = Annotated[str, typer.Option(help="Name of the search space.")]
BenchmarkSpace = Annotated[
    str | None,
    typer.Option("--space", help="Search space that the benchmark must be of (default: any)."),
]


def output_folder(text: str) -> Path:
    """Return the path of an output folder. Raises UserError if it cannot be one."""
    with _writable(text) as path:
        if path.exists() and not path.is_dir():
            raise UserError(f"--out {path} is not a folder: give the name of a folder")
    return path


def output_file(text: str) -> Path:
    """Return the path of an output file. Raises UserError if it cannot be one."""
    with _writable(text) as path:
        if not path.parent.is_dir():
            raise UserError(f"cannot write {path}: {path.parent} is not a folder")
        check_output_file(path)
    return path


@contextmanager
def _writable(text: str) -> Iterator[Path]:
    if not text:
        raise UserError("--out is empty: give the name of a file or folder")
    try:
        yield Path(text)
    except OSError as error:
        raise UserError(f"cannot write --out {text}: {error.strerror or error}") from None


Out = Annotated[Path, typer.Option(parser=output_folder, metavar="PATH", help="Output folder.")]
Model = Annotated[
    Path,
    typer.Argument(help="Model folder, or output folder of a training.", metavar="DIR"),
]
Architecture = Annotated[
    str,
    typer.Option(help="Name, published id, JSON text, or a file with one (such as best.json)."),
]
Trials = Annotated[
    int,
    typer.Option(min=1, max=MAX_COUNT, help="Number of evaluations.", rich_help_panel=BUDGET),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100 * MAX_COUNT,
        help="Total number of epochs of all trainings.",
        rich_help_panel=BUDGET,
    ),
]
Hours = Annotated[
    float | None, typer.Option(help="Number of simulated hours.", rich_help_panel=BUDGET)
]
Workers = Annotated[
    int,
    typer.Option(
        min=1,
        max=MAX_PROCESSES,
        help="Number of simulated parallel workers.",
        rich_help_panel=BUDGET,
    ),
]
Seeds = Annotated[
    int, typer.Option(min=1, max=MAX_SEEDS, help="Number of seeds, with one search per seed.")
]
Seed = Annotated[int, typer.Option(min=0, max=MAX_SEED, help="First random seed.")]
OnMissing = Annotated[
    Literal["error", "surrogate", "nearest"],
    typer.Option(
        help="How to evaluate an architecture that is not in the table.", rich_help_panel=QUERIES
    ),
]
RunSelection = Annotated[
    Literal["first", "random", "mean"],
    typer.Option(
        help="Which run to use if the table has several of an architecture.",
        rich_help_panel=QUERIES,
    ),
]
Restrict = Annotated[
    bool | None,
    typer.Option(
        "--restrict/--no-restrict",
        help="Propose only architectures of the table (default: if others cannot be evaluated).",
        rich_help_panel=QUERIES,
    ),
]
WarmStart = Annotated[
    str | None,
    typer.Option(help="Zero-cost score that picks the best of ten random architectures."),
]
Objectives = Annotated[
    str | None,
    typer.Option(
        help="Comma-separated objectives, such as val_loss,parameters (default: the loss). "
        "`benchmark info` lists them."
    ),
]
Constraints = Annotated[
    list[str] | None,
    typer.Option(
        "--constraint",
        metavar="TEXT",
        help='Bound on what is known without training: "parameters<=2e7", or a band: '
        '"parameters=2e7+-10%"; repeatable.',
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MAX_PROCESSES,
        help="Number of parallel processes (default: one per core).",
        rich_help_panel=EXECUTION,
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
    typer.Option(
        help="Labelled sentences: a name, a file (.csv, .tsv, .jsonl, .ndjson, .parquet), or a "
        "folder with train, dev and test.",
        rich_help_panel=INPUT,
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option("--text", help="Column of the texts (default: text, sentence, review, ...)."),
]
LabelColumn = Annotated[
    str | None,
    typer.Option("--label", help="Column of the labels (default: label, class, category, ...)."),
]
PairColumn = Annotated[
    str | None,
    typer.Option("--pair", help="Column of the second texts, for pairs of texts."),
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
    typer.Option(help="Teacher: minilm-l6, or folder or hub name of a transformers model."),
]
Teacher = Annotated[
    str | None,
    typer.Option(
        help="Teacher for distillation; networks use its tokens and embeddings.",
        rich_help_panel=INPUT,
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
        min=1,
        max=MAX_WIDTH,
        help="Width of the embedding and of the last layer.",
        rich_help_panel=NETWORK,
    ),
]
Hidden = Annotated[
    int,
    typer.Option(min=1, max=MAX_WIDTH, help="Width of the other layers.", rich_help_panel=NETWORK),
]
Layers = Annotated[
    int,
    typer.Option(
        min=1, max=MAX_LAYERS, help="Number of recurrent layers.", rich_help_panel=NETWORK
    ),
]
Device = Annotated[
    str, typer.Option(help="Torch device: cpu, cuda, ...", rich_help_panel=EXECUTION)
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MAX_PROCESSES,
        help="Number of CPU threads (default: 1 for a small network, else one per CPU).",
        rich_help_panel=EXECUTION,
    ),
]
TimeLimit = Annotated[
    str | None,
    typer.Option(
        "--time",
        help="Time that the training may take, such as 90s, 30m or 2h: fewer epochs if necessary, "
        "with the number of threads that is fastest by measurement.",
        rich_help_panel=EXECUTION,
    ),
]
TaskWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=MAX_PROCESSES,
        help="Number of local processes (default: one per core).",
        rich_help_panel=EXECUTION,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Where it runs: a Dask scheduler, such as tcp://host:8786, or a batch system, such as "
        "slurm (default: this machine).",
        rich_help_panel=EXECUTION,
    ),
]
RankAll = Annotated[
    bool,
    typer.Option(
        "--rank-all", help="Rank strategies too whose model sees the features of the surrogate."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",")))
