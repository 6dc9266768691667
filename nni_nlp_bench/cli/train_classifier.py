"""`train` for an architecture whose network classifies sentences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from search_spaces.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.classification.task import Task


def train_classifier(
    *,
    architecture: str,
    data: str,
    out: Path,
    space: str,
    vectors: str | None = None,
    teacher: str | None = None,
    lesson: str | None = None,
    weight_rate: float | None = None,
    seed: int = 0,
    final: bool = False,
    device: str = "cpu",
    json: bool = False,
    **options: Any,
) -> None:
    """Train on labelled sentences, and write the course of it and curve.png to `out`.

    `options` holds those of the space's networks and fields of `ClassifierSettings`.
    """
    from nni_nlp_bench.cli.folder import claimed
    from nni_nlp_bench.cli.options import LESSON
    from nni_nlp_bench.cli.output import bar, print_json
    from nni_nlp_bench.cli.sentences import load_sentences
    from nni_nlp_bench.distillation.distilled import taught
    from nni_nlp_bench.reports.training_curves import draw_classifier
    from nni_nlp_bench.training.classification.run import train_classifier as run_training
    from nni_nlp_bench.training.classification.settings import ClassifierSettings
    from nni_nlp_bench.training.classification.task import divided, network_task, sentence_space
    from nni_nlp_bench.training.memory import keep_freed_memory
    from search_spaces.reading import read_architecture

    for option, given in (("lesson", lesson), ("weight-rate", weight_rate)):
        if teacher is None and given is not None:
            raise UserError(f"there is no teacher to learn from: give --teacher, or no --{option}")
    known = sentence_space(space)
    found = read_architecture(known, architecture)
    sizes, schedule = divided(known, options)
    schedule["train_on"] = "train+dev" if final else "train"
    settings = ClassifierSettings(seed=seed, **schedule)
    words = load_sentences(data, vectors, teacher, seed)
    task = network_task(space, found, words, settings, device=device, **sizes)
    if teacher is not None:
        task = taught(task, lesson or LESSON, weight_rate)
    keep_freed_memory()
    with claimed(out, task.facts(), "a training"):
        with bar("teacher") as progress:
            task.prepare(progress)
        with bar("training", percent=True) as progress:

            def show(trained: float) -> None:
                progress(round(1000 * trained), 1000 * settings.epochs)

            curves = run_training(task, out, progress=show)
        title = f"{architecture[:40]} on {words.data.name}"
        draw_classifier(out / "curve.png", curves, title)
    if json:
        print_json({**asdict(curves), "out": str(out)})
    else:
        _print(curves, task, out)


def curves_table(title: str, curves: ClassifierCurves) -> Table:
    """A row an epoch."""
    from nni_nlp_bench.cli.output import plain_table

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
    from nni_nlp_bench.cli.output import print_tables

    title = f"{curves.parameters:,} parameters; vectors: {task.words.source}"
    print_tables(curves_table(title, curves))
    if curves.status != "OK":
        typer.echo(f"status  {curves.status}")
    if curves.test_accuracy is not None:
        f1 = "" if curves.test_f1 is None else f", F1 {100 * curves.test_f1:.2f} %"
        right = f"{100 * curves.test_accuracy:.2f} % right{f1}"
        typer.echo(f"test    {right}, trained on train and dev")
    typer.echo(f"plot    {out / 'curve.png'}")
