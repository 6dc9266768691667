"""`train` for a cell: its language model on one text."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from nni_nlp_bench.training.log import Curves
    from nni_nlp_bench.training.settings import Settings


def train_cell(
    *,
    architecture: str,
    corpus: str,
    out: Path,
    space: str,
    epochs: int = 50,
    embedding: int = 400,
    hidden: int = 600,
    layers: int = 3,
    dropouts: str = "ptb",
    device: str = "cpu",
    json: bool = False,
    **schedule: Any,
) -> None:
    """Train a cell's language model on a text.

    Writes the log in the format of NAS-Bench-NLP's release, checkpoint.pt and curve.png to `out`.
    `schedule` holds other fields of `Settings`.
    """
    from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes

    sizes = Sizes(embedding, hidden, layers)
    settings = Settings(epochs=epochs, sizes=sizes, dropouts=DROPOUTS[dropouts], **schedule)
    _train(architecture, corpus, out, space, settings, device, json)


def _train(
    architecture: str,
    corpus_name: str,
    out: Path,
    space: str,
    settings: Settings,
    device: str,
    as_json: bool,
) -> None:
    from nni_nlp_bench.cli.folder import claimed
    from nni_nlp_bench.cli.output import bar, print_json
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.reports.training_curves import draw_training
    from nni_nlp_bench.training.cells import cell_space
    from nni_nlp_bench.training.memory import keep_freed_memory
    from nni_nlp_bench.training.run import train as run_training
    from search_spaces.reading import read_architecture
    from search_spaces.rnn_cell.published import id_of

    recipe = read_architecture(cell_space(space), architecture)
    corpus = load_corpus(corpus_name)
    claim = {"recipe": recipe.to_json(), "corpus": corpus.digest, **asdict(settings)}
    keep_freed_memory()
    with claimed(out, {**claim, "epochs": None}, "a training"):
        with bar("training", percent=True) as progress:

            def show(trained: float) -> None:
                progress(round(1000 * trained), 1000 * settings.epochs)

            recipe_id = id_of(architecture)
            curves = run_training(
                recipe, corpus, settings, out, recipe_id=recipe_id, device=device, progress=show
            )
        draw_training(out / "curve.png", curves, f"{architecture[:40]} on {corpus.name}")
    if as_json:
        print_json({**asdict(curves), "out": str(out)})
    else:
        _print(curves, out, settings)


def _print(curves: Curves, out: Path, settings: Settings) -> None:
    import math

    from nni_nlp_bench.cli.output import plain_table, print_tables

    columns = ("epoch", "train ppl", "valid ppl", "test ppl", "seconds")
    series = (curves.train_losses, curves.val_losses, curves.test_losses)
    rows = [
        [str(i + 1), *(f"{math.exp(losses[i]):.1f}" for losses in series), f"{seconds:.1f}"]
        for i, seconds in enumerate(curves.wall_times)
    ]
    print_tables(plain_table(f"weight drop: {settings.weight_drop}", columns, rows))
    if curves.status != "OK":
        typer.echo(f"status  {curves.status}")
    typer.echo(f"plot    {out / 'curve.png'}")
