"""`compare`: compare strategies over several seeds on one benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nni_nlp_bench.benchmarks.base import Benchmark
    from nni_nlp_bench.strategies.configs import StrategyConfig


def compare(
    out: options.Out,
    space: options.BenchmarkSpace = None,
    benchmark: options.BenchmarkName = options.EMBEDDED,
    strategies: Annotated[
        str,
        typer.Option(
            help="Comma-separated strategies, with options if wanted: "
            '"random,bayesian(beta=1.0)". See `list strategies`.'
        ),
    ] = options.FIVE_STRATEGIES,
    trials: options.Trials = 200,
    seeds: options.Seeds = 10,
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
    scheduler: options.Scheduler = None,
    rank_all: options.RankAll = False,
    json: options.Json = False,
) -> None:
    """Compare strategies over several seeds. Run it again to resume after an interruption.

    If one of them is multi-fidelity, the budget of every search is the cost of --trials full
    trainings. Writes trials.csv, summary.csv, best.json and curve.png to --out, and
    front.csv with several objectives.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.strategies.configs import parse_strategies

    run_comparison(
        parse_strategies(strategies),
        out=out,
        benchmark=load(benchmark, space),
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
        scheduler=scheduler,
        rank_all=rank_all,
        json=json,
    )


def run_comparison(
    strategies: tuple[StrategyConfig, ...],
    *,
    out: Path,
    benchmark: Benchmark,
    trials: int,
    seeds: range,
    epochs: int | None,
    hours: float | None,
    workers: int,
    on_missing: options.OnMissing,
    run_selection: options.RunSelection,
    restrict: bool | None,
    warm_start: str | None,
    objectives: Sequence[str],
    constraints: Sequence[str],
    processes: int | None,
    json: bool,
    rank_all: bool = False,
    scheduler: str | None = None,
) -> None:
    """Compare the strategies and print their ranking. Raises UserError."""
    from nni_nlp_bench.api.searches import compare as compare_strategies
    from nni_nlp_bench.cli.search_runner import jobs_for, print_comparison, search_progress

    searches = len(strategies) * len(seeds)
    with search_progress(searches) as progress:
        result = compare_strategies(
            benchmark,
            strategies,
            n_trials=trials,
            n_epochs=epochs,
            n_hours=hours,
            seeds=seeds,
            n_workers=workers,
            restrict=restrict,
            on_missing=on_missing,
            run_selection=run_selection,
            warm_start=warm_start,
            objectives=objectives,
            constraints=constraints,
            rank_all=rank_all,
            out=out,
            n_jobs=jobs_for(processes, searches),
            isolate=True,
            scheduler=scheduler,
            progress=progress,
        )
    print_comparison(result, out, json)
