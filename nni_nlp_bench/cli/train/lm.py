"""`train lm`: train the language model of a recurrent cell."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_LAYERS, MAX_WIDTH
from nni_nlp_bench.core.numbers import parse_duration

if TYPE_CHECKING:
    from nni_nlp_bench.training.log import Curves
    from nni_nlp_bench.training.models import LanguageArchitecture
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
    embedding: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_WIDTH,
            help="Cells: width of the embedding and the last layer (default: 400).",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    hidden: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_WIDTH,
            help="Cells: width of the other layers (default: 600).",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_LAYERS,
            help="Cells: number of recurrent layers (default: 3).",
            rich_help_panel=options.NETWORK,
        ),
    ] = None,
    dropouts: Annotated[
        Literal["ptb", "wikitext-2", "lts", "none"] | None,
        typer.Option(
            help="Dropout rates of a publication (default: ptb; lts for decoders).",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    weight_drop: Annotated[
        Literal["release", "trained"] | None,
        typer.Option(
            help="Cells: `release` (default) does not train recurrent matrices, as in the release.",
            rich_help_panel=_TRAINING,
        ),
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16"],
        typer.Option(help="Precision; `bfloat16` is mixed precision.", rich_help_panel=_TRAINING),
    ] = "float32",
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    threads: options.Threads = None,
    time: options.TimeLimit = None,
    json: options.Json = False,
) -> None:
    """Train a language model. Run it again to resume after an interruption.

    Search spaces: rnn_cell, enas_cell, lts. Writes a log in the format of NAS-Bench-NLP's
    release, checkpoint.pt, curve.png and the folder model to --out.
    """
    from nni_nlp_bench.training.models import language_space, settings_for
    from nni_nlp_bench.training.settings import DROPOUTS
    from search_spaces.loading import read_architecture

    network = read_architecture(language_space(space), architecture)
    settings = settings_for(
        network,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        bptt=bptt,
        embedding=embedding,
        hidden=hidden,
        layers=layers,
        dropouts=None if dropouts is None else DROPOUTS[dropouts],
        weight_drop=weight_drop,
        precision=precision,
        seed=seed,
    )
    execution = (device, threads, None if time is None else parse_duration(time))
    _train((architecture, network), corpus, out, settings, execution, json)


def _train(
    named: tuple[str, LanguageArchitecture],
    corpus_name: str,
    out: Path,
    settings: Settings,
    execution: tuple[str, int | None, float | None],
    as_json: bool,
) -> None:
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.models.manifest import BELOW_TRAINING
    from nni_nlp_bench.models.training import train_language_model
    from nni_nlp_bench.reports.training_curves import draw_training
    from nni_nlp_bench.training.memory import disable_malloc_trim
    from search_spaces.plotting import warn_on_failure
    from search_spaces.rnn_cell.published import id_of

    architecture, recipe = named
    corpus = load_corpus(corpus_name)
    identity = {"recipe": recipe.to_json(), "corpus": corpus.digest, **asdict(settings)}
    disable_malloc_trim()
    with locked_output_dir(out, {**identity, "epochs": None}, "a training"):
        with bar("training", percent=True) as progress:

            def show(trained: float) -> None:
                progress(round(1000 * trained), 1000 * settings.epochs)

            device, threads, time_s = execution
            curves = train_language_model(
                recipe,
                corpus,
                settings,
                out,
                recipe_id=id_of(architecture),
                device=device,
                threads=threads,
                time_s=time_s,
                progress=show,
            )
        with warn_on_failure(out / PLOT):
            draw_training(out / PLOT, curves, f"{architecture[:40]} on {corpus.name}")
    if as_json:
        print_json({**asdict(curves), "out": str(out)})
    else:
        _print(curves, out, _title(recipe, settings))
        print_model(out / BELOW_TRAINING)


def _title(architecture: LanguageArchitecture, settings: Settings) -> str:
    from search_spaces.lts import LtsArchitecture

    if isinstance(architecture, LtsArchitecture):
        return f"dropout: {settings.dropouts.hidden:g}"
    return f"weight drop: {settings.weight_drop}"


def _print(curves: Curves, out: Path, title: str) -> None:
    from nni_nlp_bench.benchmarks.units import LossUnit

    perplexity = LossUnit.NATS.to_metric
    columns = ("epoch", "train ppl", "valid ppl", "test ppl", "seconds")
    series = (curves.train_losses, curves.val_losses, curves.test_losses)
    rows = [
        [str(i + 1), *(f"{perplexity(losses[i]):.1f}" for losses in series), f"{seconds:.1f}"]
        for i, seconds in enumerate(curves.wall_times)
    ]
    print_tables(plain_table(title, columns, rows))
    if curves.status != "OK":
        echo(f"status  {curves.status}")
    echo(f"threads {curves.threads}")
    print_plot(out / PLOT)
