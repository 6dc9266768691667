"""`train` for an architecture of TextNAS: its classifier of sentences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.classification.task import Task


def train_classifier(
    *,
    architecture: str,
    data: str,
    out: Path,
    space: str,
    vectors: str | None = None,
    seed: int = 0,
    final: bool = False,
    device: str = "cpu",
    json: bool = False,
    **options: Any,
) -> None:
    """Train on labelled sentences. `options` holds fields of `Sizes` and `ClassifierSettings`.

    Writes curves.json, checkpoint.pt, vocabulary.txt and curve.png to `out`.
    """
    from nni_nlp_bench.cli.folder import claimed
    from nni_nlp_bench.cli.output import bar, print_json
    from nni_nlp_bench.cli.sentences import load_words
    from nni_nlp_bench.reports.training_curves import draw_classifier
    from nni_nlp_bench.training.classification.run import train_classifier as run_training
    from nni_nlp_bench.training.classification.settings import ClassifierSettings
    from nni_nlp_bench.training.classification.task import divided, textnas_task
    from nni_nlp_bench.training.memory import keep_freed_memory
    from search_spaces.base import get_space
    from search_spaces.reading import read_architecture

    arc = read_architecture(get_space(space), architecture)
    sizes, schedule = divided(options)
    schedule["train_on"] = "train+dev" if final else "train"
    settings = ClassifierSettings(seed=seed, **schedule)
    words = load_words(data, vectors, seed)
    task = textnas_task(arc, words, settings, device=device, **sizes)
    keep_freed_memory()
    with claimed(out, task.facts(), "a training"):
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


def _print(curves: ClassifierCurves, task: Task, out: Path) -> None:
    from nni_nlp_bench.cli.output import plain_table, print_tables

    words = task.words
    columns = ["epoch", "train loss", "dev loss", "dev accuracy", "seconds"]
    rows = []
    for i, (loss, seconds) in enumerate(zip(curves.train_losses, curves.wall_times, strict=True)):
        dev = ["", ""]
        if curves.dev_losses:
            dev = [f"{curves.dev_losses[i]:.3f}", f"{100 * curves.dev_accuracies[i]:.1f} %"]
        rows.append([str(i + 1), f"{loss:.3f}", *dev, f"{seconds:.1f}"])
    title = f"{curves.parameters:,} parameters; vectors: {words.source}"
    print_tables(plain_table(title, columns, rows))
    if curves.status != "OK":
        typer.echo(f"status  {curves.status}")
    if curves.test_accuracy is not None:
        typer.echo(f"test    {100 * curves.test_accuracy:.2f} % right, trained on train and dev")
    typer.echo(f"plot    {out / 'curve.png'}")
