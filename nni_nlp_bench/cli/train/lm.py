"""`train lm`: train the language model of a recurrent cell."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo, plain_table, print_json, print_plot, print_tables
from nni_nlp_bench.core.limits import MAX_COUNT

if TYPE_CHECKING:
    from nni_nlp_bench.training.log import Curves
    from nni_nlp_bench.training.settings import Settings

PLOT = "curve.png"
_TRAINING = "Training"


def lm(
    architecture: options.Architecture,
    corpus: options.Corpus,
    out: options.Out,
    space: options.SpaceName = "rnn_cell",
    epochs: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_COUNT, help="Total number of epochs.", rich_help_panel=_TRAINING
        ),
    ] = 50,
    batch_size: Annotated[
        int,
        typer.Option(
            min=1,
            max=MAX_COUNT,
            help="Number of columns of text per batch.",
            rich_help_panel=_TRAINING,
        ),
    ] = 20,
    learning_rate: Annotated[
        float, typer.Option(help="Learning rate of Adam.", rich_help_panel=_TRAINING)
    ] = 1e-3,
    bptt: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_COUNT, help="Mean number of steps per window.", rich_help_panel=_TRAINING
        ),
    ] = 70,
    embedding: options.Embedding = 400,
    hidden: options.Hidden = 600,
    layers: options.Layers = 3,
    dropouts: Annotated[
        Literal["ptb", "wikitext-2", "none"],
        typer.Option(help="Dropout rates of NAS-Bench-NLP's trainings.", rich_help_panel=_TRAINING),
    ] = "ptb",
    weight_drop: Annotated[
        Literal["release", "trained"],
        typer.Option(
            help="`release`: recurrent matrices are not trained, as in the release.",
            rich_help_panel=_TRAINING,
        ),
    ] = "release",
    precision: Annotated[
        Literal["float32", "bfloat16"],
        typer.Option(help="Precision; `bfloat16` is mixed precision.", rich_help_panel=_TRAINING),
    ] = "float32",
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Train a language model. Run it again to resume after an interruption.

    Search spaces: rnn_cell, enas_cell. Writes the log in the format of NAS-Bench-NLP's release,
    checkpoint.pt and curve.png to --out.
    """
    from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes

    settings = Settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        bptt=bptt,
        sizes=Sizes(embedding, hidden, layers),
        dropouts=DROPOUTS[dropouts],
        weight_drop=weight_drop,
        precision=precision,
        seed=seed,
    )
    _train(architecture, corpus, out, space, settings, (device, threads), json)


def _train(
    architecture: str,
    corpus_name: str,
    out: Path,
    space: str,
    settings: Settings,
    execution: tuple[str, int | None],
    as_json: bool,
) -> None:
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.reports.training_curves import draw_training
    from nni_nlp_bench.training.cells import cell_space
    from nni_nlp_bench.training.memory import disable_malloc_trim
    from nni_nlp_bench.training.run import train as run_training
    from search_spaces.loading import read_architecture
    from search_spaces.plotting import warn_on_failure
    from search_spaces.rnn_cell.published import id_of

    recipe = read_architecture(cell_space(space), architecture)
    corpus = load_corpus(corpus_name)
    identity = {"recipe": recipe.to_json(), "corpus": corpus.digest, **asdict(settings)}
    disable_malloc_trim()
    with locked_output_dir(out, {**identity, "epochs": None}, "a training"):
        with bar("training", percent=True) as progress:

            def show(trained: float) -> None:
                progress(round(1000 * trained), 1000 * settings.epochs)

            device, threads = execution
            curves = run_training(
                recipe,
                corpus,
                settings,
                out,
                recipe_id=id_of(architecture),
                device=device,
                threads=threads,
                progress=show,
            )
        with warn_on_failure(out / PLOT):
            draw_training(out / PLOT, curves, f"{architecture[:40]} on {corpus.name}")
    if as_json:
        print_json({**asdict(curves), "out": str(out)})
    else:
        _print(curves, out, settings)


def _print(curves: Curves, out: Path, settings: Settings) -> None:
    from nni_nlp_bench.benchmarks.units import LossUnit

    perplexity = LossUnit.NATS.to_metric
    columns = ("epoch", "train ppl", "valid ppl", "test ppl", "seconds")
    series = (curves.train_losses, curves.val_losses, curves.test_losses)
    rows = [
        [str(i + 1), *(f"{perplexity(losses[i]):.1f}" for losses in series), f"{seconds:.1f}"]
        for i, seconds in enumerate(curves.wall_times)
    ]
    print_tables(plain_table(f"weight drop: {settings.weight_drop}", columns, rows))
    if curves.status != "OK":
        echo(f"status  {curves.status}")
    echo(f"threads {curves.threads}")
    print_plot(out / PLOT)
