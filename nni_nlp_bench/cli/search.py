"""`search`: one strategy on one benchmark."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.compare import run_comparison


def search(
    strategy: Annotated[
        str,
        typer.Option(
            help='Name of a strategy, with options if wanted: "bayesian(beta=1.0)". '
            "See `list strategies`."
        ),
    ],
    out: options.Out,
    space: options.BenchmarkSpace = None,
    benchmark: options.BenchmarkName = options.EMBEDDED,
    trials: options.Trials = 200,
    seeds: options.Seeds = 1,
    seed: options.Seed = 0,
    epochs: options.Epochs = None,
    hours: options.Hours = None,
    workers: options.Workers = 1,
    on_missing: options.OnMissing = "error",
    run_selection: options.RunSelection = "first",
    restrict: options.Restrict = None,
    warm_start: options.WarmStart = None,
    objectives: options.Objectives = None,
    constraint: options.Constraints = None,
    processes: options.Processes = None,
    json: options.Json = False,
) -> None:
    """Search with one strategy. Run it again to resume after an interruption.

    Writes trials.csv, summary.csv, best.json and curve.png to --out, and
    front.csv with several objectives.
    """
    from nni_nlp_bench.strategies.configs import StrategyConfig

    run_comparison(
        (StrategyConfig.of(strategy),),
        out=out,
        space=space,
        benchmark=benchmark,
        trials=trials,
        seeds=range(seed, seed + seeds),
        epochs=epochs,
        hours=hours,
        workers=workers,
        on_missing=on_missing,
        run_selection=run_selection,
        restrict=restrict,
        warm_start=warm_start,
        objectives=options.names(objectives) if objectives else (),
        constraints=constraint or (),
        processes=processes,
        json=json,
    )
