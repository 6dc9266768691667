"""`search`: one strategy on one benchmark."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.compare import compare
from search_spaces.errors import UserError

_TRAIN = {"corpus", "nodes", "width"}
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
        typer.Option(min=1, help="Also stop after so many epochs in all; with --corpus: epochs."),
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
        typer.Option(help="For enas and darts, which train: a text by name, or its folder."),
    ] = None,
    nodes: Annotated[int, typer.Option(min=1, help="With --corpus: nodes of the cell.")] = 8,
    width: Annotated[int, typer.Option(min=1, help="With --corpus: width of the cell.")] = 64,
    json: options.Json = False,
) -> None:
    """Search with one strategy. Run it again to go on after an interruption.

    Writes trials.csv, summary.csv, best.json and curve.png to --out. The one-shot strategies enas
    and darts train a text instead of asking a benchmark: they write best.json, best.png,
    rewards.csv and rewards.png, and start over after an interruption.
    """
    from nni_nlp_bench.cli.one_shot import search_one_shot
    from nni_nlp_bench.training.one_shot.settings import STRATEGIES, OneShotSettings

    one_shot = next((name for name in STRATEGIES if name == strategy), None)
    _check_options(context, one_shot is not None, strategy)
    if one_shot is not None:
        settings = OneShotSettings(nodes=nodes, width=width)
        if epochs is not None:
            settings = replace(settings, epochs=epochs)
        search_one_shot(one_shot, space, corpus, settings, seed, out, json)
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
        who = "trains shared weights on a text" if trains else "asks a benchmark"
        raise UserError(f"{strategy} {who}: leave {option} out")
