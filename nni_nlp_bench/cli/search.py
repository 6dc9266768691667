"""`search`: one strategy on one benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.compare import run_comparison
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_WIDTH

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.base import Benchmark

_TEXTS = "Trainings on labelled texts, in place of a benchmark"
_DATA_OPTIONS = (
    *("label", "text", "pair", "vectors", "teacher", "kd_loss"),
    *("train_epochs", "batch_size", "learning_rate", "max_length", "width"),
)


def search(
    context: typer.Context,
    strategy: Annotated[
        str,
        typer.Option(
            help='Name of a strategy, with options if wanted: "bayesian(beta=1.0)". '
            "See `list strategies`."
        ),
    ],
    out: options.Out,
    space: options.BenchmarkSpace = None,
    benchmark: options.BenchmarkName = options.EMBEDDED,
    trials: options.Trials = 200,
    seeds: options.Seeds = 1,
    seed: options.Seed = 0,
    epochs: options.Epochs = None,
    hours: options.Hours = None,
    workers: options.Workers = 1,
    on_missing: options.OnMissing = "error",
    run_selection: options.RunSelection = "first",
    restrict: options.Restrict = None,
    warm_start: options.WarmStart = None,
    objectives: options.Objectives = None,
    constraint: options.Constraints = None,
    processes: options.Processes = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Labelled texts to train on: a file, a folder, or the name of a set.",
            rich_help_panel=_TEXTS,
        ),
    ] = None,
    label: options.LabelColumn = None,
    text: options.TextColumn = None,
    pair: options.PairColumn = None,
    vectors: options.Vectors = None,
    teacher: options.Teacher = None,
    kd_loss: options.KdLoss = None,
    train_epochs: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_COUNT, help="Epochs of a full training.", rich_help_panel=_TEXTS
        ),
    ] = 5,
    batch_size: Annotated[
        int,
        typer.Option(min=1, max=MAX_COUNT, help="Texts per batch.", rich_help_panel=_TEXTS),
    ] = 64,
    learning_rate: Annotated[
        float, typer.Option(help="Initial learning rate of Adam.", rich_help_panel=_TEXTS)
    ] = 1e-3,
    max_length: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_COUNT, help="Words of a text that are read.", rich_help_panel=_TEXTS
        ),
    ] = 64,
    width: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_WIDTH,
            help="Width of all layers, unless the space defines it (default: 64).",
            rich_help_panel=_TEXTS,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Search with one strategy. Run it again to resume after an interruption.

    On a benchmark, or with --data by training on labelled texts, where the loss is the error on
    the dev set in percent and hours are those of the trainings. Writes trials.csv, summary.csv,
    best.json and curve.png to --out, and front.csv with several objectives.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.strategies.configs import StrategyConfig

    config = StrategyConfig.of(strategy)
    _check_options(context, data)
    found: Benchmark
    if data is None:
        found = load(benchmark, space)
    else:
        given = {
            "label": label,
            "text": text,
            "pair": pair,
            "vectors": vectors,
            "teacher": teacher,
            "kd_loss": kd_loss,
            "epochs": train_epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "max_length": max_length,
            "seed": seed,
        }
        found = _training_benchmark(data, space or "textnas", given, width)
    run_comparison(
        (config,),
        out=out,
        benchmark=found,
        trials=trials,
        seeds=range(seed, seed + seeds),
        epochs=epochs,
        hours=hours,
        workers=workers,
        on_missing=on_missing,
        run_selection=run_selection,
        restrict=restrict,
        warm_start=warm_start,
        objectives=options.names(objectives) if objectives else (),
        constraints=constraint or (),
        processes=processes,
        json=json,
    )


def _check_options(context: typer.Context, data: str | None) -> None:
    """Raise UserError for an option of trainings without --data, and the reverse."""
    given = {
        name
        for name in context.params
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
    }
    if data is None and (wrong := [name for name in _DATA_OPTIONS if name in given]):
        raise UserError(f"--{wrong[0].replace('_', '-')} is for trainings: give --data too")
    if data is not None and "benchmark" in given:
        raise UserError("give either --benchmark, or --data to train on labelled texts")


def _training_benchmark(
    data: str, space: str, given: dict[str, Any], width: int | None
) -> Benchmark:
    from nni_nlp_bench.api.models import training_benchmark
    from nni_nlp_bench.training.classification.task import width_for

    options: dict[str, Any] = {**given, **width_for(space, width, 64)}
    return training_benchmark(data, space, **options)
