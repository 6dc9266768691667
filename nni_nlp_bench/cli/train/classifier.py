"""`train classifier`: train a classifier of labelled sentences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import (
    bar,
    echo,
    plain_table,
    print_json,
    print_model,
    print_plot,
    print_tables,
)
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_LAYERS, MAX_WIDTH
from nni_nlp_bench.core.numbers import parse_duration

if TYPE_CHECKING:
    from rich.table import Table

    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.classification.task import Task

PLOT = "curve.png"
_TRAINING, _NETWORK = "Training", "Network (depends on the space)"
_OTHER_OPTIONS = {
    "architecture",
    "data",
    "out",
    "space",
    "vectors",
    "teacher",
    "kd_loss",
    "kd_weight",
    "final",
    "device",
    "threads",
    "time",
    "json",
}
_SPACE_OPTIONS = {"width", "cells", "drop_path", "output", "dropout", "batch_norm", "strict"}


def classifier(
    context: typer.Context,
    architecture: options.Architecture,
    data: options.Sentences,
    out: options.Out,
    space: options.SpaceName = "textnas",
    vectors: options.Vectors = None,
    teacher: options.Teacher = None,
    kd_loss: options.KdLoss = None,
    kd_weight: Annotated[
        float | None,
        typer.Option(
            help="Weight of the distillation loss (default: 10; mrpc 1e5, sst-2 .001).",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    epochs: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_COUNT, help="Total number of epochs.", rich_help_panel=_TRAINING
        ),
    ] = 10,
    batch_size: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_COUNT, help="Number of sentences per batch.", rich_help_panel=_TRAINING
        ),
    ] = 128,
    learning_rate: Annotated[
        float, typer.Option(help="Initial learning rate.", rich_help_panel=_TRAINING)
    ] = 2e-3,
    optimizer: Annotated[
        Literal["adam", "sgd"],
        typer.Option(help="Optimizer; sgd has momentum .9.", rich_help_panel=_TRAINING),
    ] = "adam",
    weight_decay: Annotated[
        float, typer.Option(help="Weight decay of the optimizer.", rich_help_panel=_TRAINING)
    ] = 1e-6,
    max_length: Annotated[
        int,
        typer.Option(
            min=1,
            max=MAX_COUNT,
            help="Maximum number of words per sentence.",
            rich_help_panel=_TRAINING,
        ),
    ] = 64,
    final: Annotated[
        bool,
        typer.Option(
            "--final",
            help="Train on train and dev, then evaluate on test.",
            rich_help_panel=_TRAINING,
        ),
    ] = False,
    width: Annotated[
        int,
        typer.Option(min=1, max=MAX_WIDTH, help="Width of all layers.", rich_help_panel=_NETWORK),
    ] = 256,
    dropout: Annotated[
        float, typer.Option(help="Dropout rate of words and layers.", rich_help_panel=_NETWORK)
    ] = 0.2,
    cells: Annotated[
        int,
        typer.Option(
            min=1,
            max=MAX_LAYERS,
            help="Number of equal cells (emd_cell).",
            rich_help_panel=_NETWORK,
        ),
    ] = 4,
    drop_path: Annotated[
        float,
        typer.Option(help="Drop-path probability per edge (emd_cell).", rich_help_panel=_NETWORK),
    ] = 0.0,
    output: Annotated[
        Literal["concat", "addnorm"],
        typer.Option(help="Output of a cell (emd_cell).", rich_help_panel=_NETWORK),
    ] = "concat",
    batch_norm: Annotated[
        Literal["skips", "always"],
        typer.Option(
            help="Batch norm after layers with skips, or after all layers as in NNI (textnas).",
            rich_help_panel=_NETWORK,
        ),
    ] = "skips",
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Make results independent of the padding of a batch.",
            rich_help_panel=_NETWORK,
        ),
    ] = False,
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    time: options.TimeLimit = None,
    json: options.Json = False,
) -> None:
    """Train a sentence classifier. Run it again to resume after an interruption.

    Search spaces: textnas, emd_cell, encoder. Writes a checkpoint, curves.json, curve.png and
    the folder model, which `predict` uses, to --out.
    """
    if teacher is None and (kd_loss is not None or kd_weight is not None):
        option = "--kd-loss" if kd_loss is not None else "--kd-weight"
        raise UserError(f"{option} requires --teacher")
    given = _given_options(context, space)
    given["seed"] = seed
    given["train_on"] = "train+dev" if final else "train"
    distillation = None if teacher is None else (kd_loss or "emd")
    sources = (data, vectors, teacher)
    execution = (device, threads, None if time is None else parse_duration(time))
    _train(architecture, sources, out, space, given, (distillation, kd_weight), execution, json)


def _given_options(context: typer.Context, space: str) -> dict[str, Any]:
    """Return the given options of network and training.

    Raises:
        UserError: an option does not apply to the space.
    """
    from nni_nlp_bench.training.classification.network import sentence_space

    space_options = sentence_space(space).classifier_options
    given: dict[str, Any] = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if name in _OTHER_OPTIONS or source is None or source.name == "DEFAULT":
            continue
        if name in _SPACE_OPTIONS and name not in space_options:
            option = "--" + name.replace("_", "-")
            raise UserError(f"{option} does not apply to space {space}: do not give it")
        given[name] = value
    return given


def _train(
    architecture: str,
    sources: tuple[str, str | None, str | None],
    out: Path,
    space: str,
    given: dict[str, Any],
    distillation: tuple[str | None, float | None],
    execution: tuple[str, int | None, float | None],
    as_json: bool,
) -> None:
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.distillation.inputs import classifier_task, load_sentences
    from nni_nlp_bench.models.training import train_classifier as run_training
    from nni_nlp_bench.reports.training_curves import draw_classifier
    from nni_nlp_bench.training.classification.network import sentence_space
    from nni_nlp_bench.training.classification.timed import timed
    from nni_nlp_bench.training.memory import disable_malloc_trim
    from search_spaces.loading import read_architecture
    from search_spaces.plotting import warn_on_failure

    value = read_architecture(sentence_space(space), architecture)
    with bar("word vectors", in_bytes=True) as progress:
        words = load_sentences(*sources, given["seed"], progress)
    kd_loss, kd_weight = distillation
    device, threads, time_s = execution
    task = classifier_task(
        value, words, space, given, kd_loss=kd_loss, kd_weight=kd_weight, device=device
    )
    disable_malloc_trim()
    identity = task.metadata() if time_s is None else {**task.metadata(), "time": time_s}
    with locked_output_dir(out, identity, "a training"):
        with bar("teacher") as progress:
            task.prepare(progress)
        training = timed(task, time_s, out, threads)
        epochs = training.task.settings.epochs
        with bar("training", percent=True) as progress:

            def show(trained: float) -> None:
                progress(round(1000 * trained), 1000 * epochs)

            curves = run_training(
                training.task, out, threads=training.threads, stop=training.stop, progress=show
            )
        title = f"{architecture[:40]} on {words.data.name}"
        with warn_on_failure(out / PLOT):
            draw_classifier(out / PLOT, curves, title)
    if as_json:
        print_json({**asdict(curves), "out": str(out)})
    else:
        used, texts = (len(each.words.data.train) for each in (training.task, task))
        if used < texts:
            echo(f"texts   {used:,} of {texts:,}: not one epoch of all fits into --time")
        _print(curves, training.task, out)


def curves_table(title: str, curves: ClassifierCurves) -> Table:
    """Return a table of the learning curves with one row per epoch."""

    columns = ["epoch", "train loss", "dev loss", "dev accuracy", "seconds"]
    rows = []
    for i, (loss, seconds) in enumerate(zip(curves.train_losses, curves.wall_times, strict=True)):
        dev = ["", ""]
        if curves.dev_losses:
            f1 = f", F1 {100 * curves.dev_f1s[i]:.1f} %" if curves.dev_f1s else ""
            dev = [f"{curves.dev_losses[i]:.3f}", f"{100 * curves.dev_accuracies[i]:.1f} %{f1}"]
        rows.append([str(i + 1), f"{loss:.3f}", *dev, f"{seconds:.1f}"])
    return plain_table(title, columns, rows)


def _print(curves: ClassifierCurves, task: Task, out: Path) -> None:
    from nni_nlp_bench.models.manifest import BELOW_TRAINING

    title = f"{curves.parameters:,} parameters; vectors: {task.words.source}"
    print_tables(curves_table(title, curves))
    if curves.status != "OK":
        echo(f"status  {curves.status}")
    if curves.test_accuracy is not None:
        f1 = "" if curves.test_f1 is None else f", F1 {100 * curves.test_f1:.2f} %"
        accuracy = f"accuracy {100 * curves.test_accuracy:.2f} %{f1}"
        echo(f"test    {accuracy}, trained on train and dev")
    if curves.stopped:
        echo("stopped the time was over before the last epoch ended")
    echo(f"threads {curves.threads}")
    print_plot(out / PLOT)
    print_model(out / BELOW_TRAINING)
