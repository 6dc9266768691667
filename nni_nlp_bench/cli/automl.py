"""`automl`: from labelled texts to a trained classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, plain_table, print_json, print_tables
from nni_nlp_bench.core.limits import MAX_PROCESSES

if TYPE_CHECKING:
    from nni_nlp_bench.automl.evaluation import Evaluation
    from nni_nlp_bench.automl.result import AutoMLResult

NONE = "none"


def automl(
    source: Annotated[
        str,
        typer.Argument(
            help="File (.csv, .tsv, .jsonl, .parquet), folder, datasets:NAME, or name of a set.",
            metavar="SOURCE",
        ),
    ],
    out: options.Out,
    label: options.LabelColumn = None,
    text: options.TextColumn = None,
    pair: options.PairColumn = None,
    time: Annotated[
        str, typer.Option(help="Time that it may take, such as 90s, 30m or 2h.")
    ] = "30m",
    objective: Annotated[
        Literal["accuracy", "macro_f1", "smallest", "fastest"],
        typer.Option(
            help="What the model is best at; smallest and fastest: within one point of the "
            "highest accuracy."
        ),
    ] = "accuracy",
    spaces: Annotated[
        str, typer.Option(help="Comma-separated search spaces, or none.")
    ] = "emd_cell,textnas",
    strategy: Annotated[
        str, typer.Option(help="Strategy of the searches. See `list strategies`.")
    ] = "asha",
    warm_start: options.WarmStart = None,
    encoder: Annotated[
        str,
        typer.Option(
            help="Pretrained encoder: minilm-l6, a folder or hub name, none, or auto for the one "
            "of the extra distillation if it is installed."
        ),
    ] = "auto",
    vectors: Annotated[
        str,
        typer.Option(
            help="Word vectors without an encoder: a file, glove-6b-50d, none for random ones, or "
            "auto for those of the extra vectors if they are installed."
        ),
    ] = "auto",
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_PROCESSES,
            help="Number of CPU threads of a training (default: the fastest, by measurement; one "
            "with --workers or --scheduler).",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_PROCESSES,
            help="Number of local processes that train at the same time, or of jobs of a batch "
            "system (default: one training after another in this process).",
            rich_help_panel=options.EXECUTION,
        ),
    ] = None,
    scheduler: options.Scheduler = None,
    json: options.Json = False,
) -> None:
    """Find and train a text classifier. Run it again to resume after an interruption.

    Trains baselines, fine-tunes a small pretrained encoder, and searches for an architecture.
    Writes the folder model, leaderboard.csv, result.json and report.html to --out.
    """
    from nni_nlp_bench.api.models import automl as run
    from nni_nlp_bench.core.numbers import parse_duration

    seconds = parse_duration(time)
    with _progress(seconds) as show:
        result = run(
            source,
            out,
            text=text,
            label=label,
            pair=pair,
            time_s=seconds,
            objective=objective,
            spaces=() if spaces == NONE else options.names(spaces),
            strategy=strategy,
            warm_start=warm_start,
            encoder=None if encoder == NONE else encoder,
            vectors=None if vectors == NONE else vectors,
            seed=seed,
            device=device,
            threads=threads,
            workers=workers,
            scheduler=scheduler,
            progress=show,
        )
    _write_report(result)
    if json:
        print_json(result.to_dict())
    else:
        _print(result)


def _write_report(result: AutoMLResult) -> None:
    from nni_nlp_bench.automl.page.report import write_report
    from nni_nlp_bench.automl.result import REPORT
    from search_spaces.plotting import warn_on_failure

    path = result.folder / REPORT
    with warn_on_failure(path):
        write_report(path, result)


def _print(result: AutoMLResult) -> None:
    for line in result.data_lines():
        echo(line)
    from nni_nlp_bench.core.numbers import short_number

    columns = ("model", "dev acc.", "macro F1", "size", "ms/text", "train s", "texts")
    rows = [
        (
            score.name,
            f"{100 * score.accuracy:.1f} %",
            f"{100 * score.macro_f1:.1f} %",
            short_number(score.parameters),
            f"{score.latency_ms:.2f}",
            f"{score.seconds:.0f}",
            f"{100 * score.share:.0f} %",
        )
        for score in result.scores
    ]
    title = f"Models by {result.settings.objective}; size: parameters with word embedding"
    print_tables(plain_table(title, columns, rows))
    for name, reason in result.failed.items():
        echo(f"failed  {name}: {reason}")
    if result.left_out:
        echo(f"no time for {', '.join(result.left_out)}: run it again with a longer --time")
    name, baseline = result.baseline
    echo(f"test    {result.best.name}: {_shown(result.test)}")
    if name != result.best.name:
        echo(f"        {name}, the best baseline: {_shown(baseline)}")
    echo(f"model   {result.folder / 'model'}")
    echo(f"report  {result.folder / 'report.html'}")


def _shown(evaluation: Evaluation) -> str:
    accuracy, macro_f1 = 100 * evaluation.accuracy, 100 * evaluation.macro_f1
    return f"accuracy {accuracy:.1f} %, macro F1 {macro_f1:.1f} %"


@contextmanager
def _progress(seconds: float) -> Iterator[Callable[[str, float], None]]:
    """Show what is done now and the time that is used on stderr, if it is a terminal."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from nni_nlp_bench.cli.console import LiteralConsole

    console = LiteralConsole(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn(f"of {seconds:,.0f} s", markup=False),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=1.0)

        def show(what: str, share: float) -> None:
            progress.update(task, description=f"{what[:48]:48}", completed=share)

        yield show
