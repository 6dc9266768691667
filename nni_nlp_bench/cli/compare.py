"""`compare`: several strategies, several seeds, one benchmark."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options


def compare(
    out: options.Out,
    space: options.SpaceName = "rnn_cell",
    benchmark: options.BenchmarkName = options.EMBEDDED,
    strategies: Annotated[
        str, typer.Option(help="Names of strategies, separated by commas.")
    ] = options.FIVE_STRATEGIES,
    trials: options.Trials = 200,
    seeds: options.Seeds = 10,
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
    """Compare strategies: every one with every seed. Run it again to go on after an interruption.

    Writes trials.csv, summary.csv, best.json and curve.png to --out.
    """
    from nni_nlp_bench.cli.searching import run_and_report
    from nni_nlp_bench.evaluators.budget import Budget
    from nni_nlp_bench.evaluators.simulation import Settings
    from nni_nlp_bench.strategies.compare import Comparison
    from nni_nlp_bench.strategies.methods import Method

    budget = Budget(trials, epochs, hours)
    comparison = Comparison(
        benchmark=benchmark,
        methods=tuple(Method(name, name) for name in options.names(strategies)),
        seeds=tuple(range(seed, seed + seeds)),
        settings=Settings(miss=miss, seeds=runs, workers=workers, budget=budget),
        restrict=restrict,
        warm_start=warm_start,
    )
    run_and_report(comparison, space, out, processes, json)
