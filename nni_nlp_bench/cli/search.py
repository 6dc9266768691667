"""`search`: one strategy on one benchmark."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.compare import compare
from search_spaces.errors import UserError

_SIZES = ("nodes", "layers", "cells", "width", "batch_size", "max_length")
_TRAIN = {"corpus", "data", "vectors", "teacher", "lesson", *_SIZES}
_BOTH = {"strategy", "out", "space", "seed", "epochs", "json"}


def search(
    context: typer.Context,
    strategy: Annotated[str, typer.Option(help="Name of the strategy.")],
    out: options.Out,
    space: options.SpaceName = "rnn_cell",
    benchmark: options.BenchmarkName = options.EMBEDDED,
    trials: options.Trials = 200,
    seeds: options.Seeds = 1,
    seed: options.Seed = 0,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Also stop after so many epochs in all; one-shot: epochs."),
    ] = None,
    hours: options.Hours = None,
    workers: options.Workers = 1,
    miss: options.Miss = "error",
    runs: options.Runs = "first",
    restrict: options.Restrict = False,
    warm_start: options.WarmStart = None,
    processes: options.Processes = None,
    corpus: Annotated[
        str | None,
        typer.Option(help="One-shot search of enas_cell: a text by name, or its folder."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="One-shot search of networks for sentences: their name, or a folder."),
    ] = None,
    vectors: options.VectorsName = None,
    teacher: options.TeacherTokens = None,
    lesson: options.Lesson = None,
    nodes: Annotated[
        int | None, typer.Option(min=1, help="One-shot search of enas_cell: nodes of the cell.")
    ] = None,
    layers: Annotated[
        int | None, typer.Option(min=1, help="One-shot search of textnas: layers.")
    ] = None,
    cells: Annotated[
        int | None, typer.Option(min=1, help="One-shot search of emd_cell: cells, all alike.")
    ] = None,
    width: Annotated[
        int | None, typer.Option(min=1, help="One-shot search: width of the layers or the cell.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="One-shot search: sentences, or columns of text.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(min=1, help="One-shot search: words or tokens of a sentence.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Search with one strategy. Run it again to go on after an interruption.

    Writes trials.csv, summary.csv, best.json and curve.png to --out. The one-shot strategies (see
    `list`) train all networks of a space as one, on --corpus or --data, instead of asking a
    benchmark: they write best.json, best.png, rewards.csv, rewards.png and logs for TensorBoard.
    """
    from nni_nlp_bench.cli.one_shot import Inputs, search_one_shot
    from nni_nlp_bench.training.one_shot.settings import STRATEGIES

    one_shot = strategy in STRATEGIES
    _check_options(context, one_shot, strategy)
    if one_shot:
        given = {name: context.params[name] for name in (*_SIZES, "epochs")}
        sizes = {name: size for name, size in given.items() if size is not None}
        inputs = Inputs(corpus, data, vectors, teacher, lesson)
        search_one_shot(space, strategy, sizes, inputs, seed, out, json)
        return
    compare(
        out=out,
        space=space,
        benchmark=benchmark,
        strategies=strategy,
        trials=trials,
        seeds=seeds,
        seed=seed,
        epochs=epochs,
        hours=hours,
        workers=workers,
        miss=miss,
        runs=runs,
        restrict=restrict,
        warm_start=warm_start,
        processes=processes,
        json=json,
    )


def _check_options(context: typer.Context, trains: bool, strategy: str) -> None:
    """Refuse an option that the strategy would ignore. Raises UserError."""
    for name in context.params:
        given = context.get_parameter_source(name)
        if given is None or given.name == "DEFAULT" or name in _BOTH or (name in _TRAIN) == trains:
            continue
        option = "--" + name.replace("_", "-")
        who = "trains shared weights" if trains else "asks a benchmark"
        raise UserError(f"{strategy} {who}: leave {option} out")
