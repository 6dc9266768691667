"""`study`: NAS-Bench-NLP's comparison of strategies, repeated on a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nni_nlp_bench.benchmarks.base import Benchmark
    from nni_nlp_bench.reports.study import Figure
    from nni_nlp_bench.reports.study_files import About
    from nni_nlp_bench.strategies.study import Study


def study(
    benchmark: Annotated[str, typer.Option(help="Name or folder of a table.")],
    out: options.Out,
    strategies: Annotated[
        str,
        typer.Option(
            help="Comma-separated names: strategies, baselines of the paper, `paper` (all of "
            "these), `naslib` (NASLib's optimizers)."
        ),
    ] = "paper,naslib",
    seeds: options.Seeds = 20,
    seed: options.Seed = 0,
    trainings: Annotated[
        int, typer.Option(min=1, help="Budget of each search, in full trainings.")
    ] = 100,
    run_selection: options.RunSelection = "first",
    processes: options.Processes = None,
    json: options.Json = False,
) -> None:
    """Repeat NAS-Bench-NLP's comparison on a table: every strategy with every seed at equal cost.

    Run it again to resume after an interruption. Writes trials.csv, summary.csv and best.json as
    `compare` does, and study.csv, study.json and study.png to --out.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.strategies.configs import study_configs
    from nni_nlp_bench.strategies.study import plan_study

    table, wanted = load(benchmark), study_configs(options.names(strategies))
    seed_range = range(seed, seed + seeds)
    planned = plan_study(table, wanted, seed_range, trainings, run_selection)
    with locked_output_dir(out, planned.comparison.to_dict(table), "a study"):
        _run_and_report(table, planned, out, processes, json)


def _run_and_report(
    table: Benchmark, planned: Study, out: Path, processes: int | None, as_json: bool
) -> None:
    from nni_nlp_bench.cli.search_runner import jobs_for, search_progress
    from nni_nlp_bench.reports.files import write_searches
    from nni_nlp_bench.reports.measures import reference_loss, summarize
    from nni_nlp_bench.reports.study import by_method, figures_of
    from nni_nlp_bench.reports.study_files import About, write_study
    from nni_nlp_bench.reports.study_plot import costs_drawn, draw_study
    from nni_nlp_bench.strategies.compare import run_comparison

    comparison = planned.comparison
    searches = len(comparison.searches())
    with search_progress(searches) as progress:
        runs = run_comparison(
            table,
            comparison,
            journals=out / "journals",
            n_jobs=jobs_for(processes, searches),
            progress=progress,
        )
    reference, cost = reference_loss(table, runs), planned.cost
    summaries = [summarize(run, reference) for run in runs]
    figures = figures_of(runs, cost, table.epochs, reference)
    about = About.of(planned, table, reference)
    write_searches(out, runs, summaries, reference, table.space_name)
    write_study(out, about, figures)
    curves = by_method(runs, costs_drawn(cost), cost, table.epochs, reference)
    draw_study(out / "study.png", curves, planned, reference, table.name)
    _print(about, figures, out, as_json)


def _print(about: About, figures: Sequence[Figure], out: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from nni_nlp_bench.cli.output import plain_table, print_json, print_tables
    from nni_nlp_bench.reports.page.words import count
    from nni_nlp_bench.reports.study import cost_text

    if as_json:
        print_json({**about.to_dict(), "figures": [asdict(f) for f in figures], "out": str(out)})
        return
    parts = {figure.share: f"{figure.share:.0%}\n{cost_text(figure.cost)}" for figure in figures}
    cells = {(figure.method, figure.share): _cell(figure) for figure in figures}
    names = dict.fromkeys(figure.method for figure in figures)
    rows = [[name, *(cells[name, share] for share in parts)] for name in names]
    title = (
        f"{about.benchmark}: mean regret over {count(len(about.seeds), 'seed')} and its 95 % "
        f"interval,\nwhen so much of the budget is spent, in {about.cost.unit}"
    )
    table = plain_table(title, ("method", *parts.values()), rows)
    table.padding = (0, 1, 0, 0)
    print_tables(table)
    for line in about.notes():
        typer.echo(line)
    typer.echo(f"plot    {out / 'study.png'}")


def _cell(figure: Figure) -> str:
    """The mean, and below it its interval, where there are enough seeds for one."""
    mean, low, high = (_short(value) for value in (figure.regret, figure.low, figure.high))
    return mean + (f"\n{low}-{high}" if figure.low == figure.low else "")


def _short(value: float) -> str:
    """Without the zero before the point: four columns of intervals fit a terminal."""
    from nni_nlp_bench.reports.page.words import known

    return known(value, ".3f").removeprefix("0")
