"""`train`: one architecture from scratch, on one text or on labelled sentences."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from nni_nlp_bench.cli import options
from search_spaces.errors import UserError

_EVERY = {"architecture", "out", "space", "epochs", "batch_size", "learning_rate", "seed"}
_EVERY |= {"device", "json"}
_CELLS = {"corpus", "embedding", "hidden", "layers", "dropouts", "weight_drop", "bptt", "precision"}
_CLASSIFIERS = {"data", "vectors", "teacher", "lesson", "weight_rate", "max_length", "optimizer"}
_CLASSIFIERS |= {"final", "weight_decay"}


def train(
    context: typer.Context,
    architecture: Annotated[str, typer.Option(help="Its name or id, JSON text, or a file.")],
    out: options.Out,
    corpus: Annotated[
        str | None,
        typer.Option(help="For a cell: a text by name, or a folder with train, valid, test."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="For networks of sentences: labelled ones by name, or a folder."),
    ] = None,
    space: options.SpaceName = "rnn_cell",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs in all: 50; sentences: 10.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Columns of text: 20; sentences: 128.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Of texts: .001; of sentences: at first, .002.")
    ] = None,
    seed: options.Seed = 0,
    embedding: options.Embedding = 400,
    hidden: options.Hidden = 600,
    layers: options.Layers = 3,
    dropouts: Annotated[
        Literal["ptb", "wikitext-2", "none"], typer.Option(help="Of which published training.")
    ] = "ptb",
    weight_drop: Annotated[
        Literal["release", "trained"],
        typer.Option(
            help="Whether gradients reach the recurrent matrices: `release`: they do not."
        ),
    ] = "release",
    bptt: Annotated[int, typer.Option(min=1, help="Mean steps of a window.")] = 70,
    precision: Annotated[
        Literal["float32", "bfloat16"], typer.Option(help="`bfloat16`: mixed precision.")
    ] = "float32",
    vectors: options.VectorsName = None,
    teacher: options.TeacherTokens = None,
    lesson: options.Lesson = None,
    weight_rate: Annotated[
        float | None, typer.Option(help="Of the lesson: 10; 1e5 on mrpc, .001 on sst-2.")
    ] = None,
    optimizer: Annotated[
        Literal["adam", "sgd"], typer.Option(help="For sentences; sgd has a momentum of .9.")
    ] = "adam",
    weight_decay: Annotated[float, typer.Option(help="Of the optimizer, for sentences.")] = 1e-6,
    cells: Annotated[int, typer.Option(min=1, help="Of emd_cell, all alike.")] = 4,
    drop_path: Annotated[float, typer.Option(help="Of an edge of emd_cell.")] = 0.0,
    output: Annotated[
        Literal["concat", "addnorm"], typer.Option(help="How a cell of emd_cell ends.")
    ] = "concat",
    width: Annotated[int, typer.Option(min=1, help="Of all layers.")] = 256,
    max_length: Annotated[int, typer.Option(min=1, help="Words of a sentence.")] = 64,
    dropout: Annotated[float, typer.Option(help="Of words and layers.")] = 0.2,
    batch_norm: Annotated[
        Literal["skips", "always"],
        typer.Option(help="At the end of layers with skips, or, as in NNI's version, of all."),
    ] = "skips",
    strict: Annotated[
        bool, typer.Option("--strict", help="The amount of padding in a batch changes nothing.")
    ] = False,
    final: Annotated[
        bool,
        typer.Option("--final", help="Train on train and dev, then test once."),
    ] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
    json: options.Json = False,
) -> None:
    """Train one architecture. Run it again to go on after an interruption.

    A cell of rnn_cell or enas_cell becomes a language model (--corpus), an architecture of textnas,
    emd_cell or encoder a classifier of sentences (--data), which may learn from a --teacher as
    well. Writes a checkpoint, the course of the training and curve.png to --out.
    """
    from search_spaces.base import SentenceSpace, get_space

    given: dict[str, Any] = {
        name: value
        for name, value in context.params.items()
        if (source := context.get_parameter_source(name)) is not None and source.name != "DEFAULT"
    }
    known: Any = get_space(space)
    classifies = isinstance(known, SentenceSpace)
    own = _CLASSIFIERS.union(known.classifier_options) if classifies else _CELLS
    _check_options(given, own, "a classifier of sentences" if classifies else "a language model")
    needed = "data" if classifies else "corpus"
    if needed not in given:
        raise UserError(f"an architecture of {space} needs --{needed}: see `nni-nlp-bench list`")
    chosen = {"space": space, **given}
    if classifies:
        from nni_nlp_bench.cli.train_classifier import train_classifier

        train_classifier(**chosen)
    else:
        from nni_nlp_bench.cli.train_cell import train_cell

        train_cell(**chosen)


def _check_options(given: dict[str, Any], known: set[str], what: str) -> None:
    """Refuse an option that the space would ignore. Raises UserError."""
    for name in given.keys() - _EVERY - known:
        option = "--" + name.replace("_", "-")
        space = given.get("space", "rnn_cell")
        raise UserError(f"an architecture of {space} is trained as {what}: leave {option} out")
