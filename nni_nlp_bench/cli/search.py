"""`search`: one strategy, one seed, one benchmark."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options


def search(
    benchmark: options.BenchmarkName,
    strategy: Annotated[str, typer.Option(help="Name of the strategy.")],
    out: options.Out,
    space: options.SpaceName = "rnn_cell",
    trials: options.Trials = 200,
    seed: options.Seed = 0,
    epochs: options.Epochs = None,
    hours: options.Hours = None,
    workers: options.Workers = 1,
    miss: options.Miss = "error",
    runs: options.Runs = "first",
    restrict: options.Restrict = False,
    json: options.Json = False,
) -> None:
    """Search with one strategy. Run it again to go on after an interruption.

    Writes trials.csv, summary.csv, best.json and curve.png to --out.
    """
    from nni_nlp_bench.cli.searching import run_and_report
    from nni_nlp_bench.evaluators.budget import Budget
    from nni_nlp_bench.evaluators.simulation import Settings
    from nni_nlp_bench.strategies.compare import Comparison

    budget = Budget(trials, epochs, hours)
    settings = Settings(miss=miss, seeds=runs, workers=workers, budget=budget)
    comparison = Comparison(benchmark, (strategy,), (seed,), settings, restrict)
    run_and_report(comparison, space, out, 1, json)
