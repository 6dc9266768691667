"""`search`: one strategy on one benchmark."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.compare import compare


def search(
    strategy: Annotated[str, typer.Option(help="Name of the strategy.")],
    out: options.Out,
    space: options.SpaceName = "rnn_cell",
    benchmark: options.BenchmarkName = options.EMBEDDED,
    trials: options.Trials = 200,
    seeds: options.Seeds = 1,
    seed: options.Seed = 0,
    epochs: options.Epochs = None,
    hours: options.Hours = None,
    workers: options.Workers = 1,
    miss: options.Miss = "error",
    runs: options.Runs = "first",
    restrict: options.Restrict = False,
    warm_start: options.WarmStart = None,
    processes: options.Processes = None,
    json: options.Json = False,
) -> None:
    """Search with one strategy. Run it again to go on after an interruption.

    Writes trials.csv, summary.csv, best.json and curve.png to --out.
    """
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
