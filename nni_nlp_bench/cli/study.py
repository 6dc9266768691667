"""`study`: reproduce the comparison of strategies of NAS-Bench-NLP on a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, plain_table, print_json, print_plot, print_tables
from nni_nlp_bench.core.limits import MAX_COUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nni_nlp_bench.benchmarks.base import Benchmark
    from nni_nlp_bench.reports.study import StudyRow
    from nni_nlp_bench.reports.study_files import StudyMetadata
    from nni_nlp_bench.strategies.study import Study

PLOT = "study.png"


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
        int, typer.Option(min=1, max=MAX_COUNT, help="Budget of each search, in full trainings.")
    ] = 100,
    run_selection: options.RunSelection = "first",
    constraint: options.Constraints = None,
    processes: options.Processes = None,
    scheduler: options.Scheduler = None,
    json: options.Json = False,
) -> None:
    """Reproduce NAS-Bench-NLP's comparison on a table: all strategies and seeds at equal cost.

    Run it again to resume after an interruption. Writes trials.csv, summary.csv and best.json as
    `compare` does, and study.csv, study.json and study.png to --out.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.constrained import constrain
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.strategies.configs import study_configs
    from nni_nlp_bench.strategies.study import plan_study

    table = constrain(load(benchmark), constraint or ())
    wanted = study_configs(options.names(strategies))
    seed_range = range(seed, seed + seeds)
    planned = plan_study(table, wanted, seed_range, trainings, run_selection)
    with locked_output_dir(out, planned.comparison.to_dict(table), "a study"):
        _run_and_report(table, planned, out, (processes, scheduler), json)


def _run_and_report(
    table: Benchmark,
    planned: Study,
    out: Path,
    execution: tuple[int | None, str | None],
    as_json: bool,
) -> None:
    from nni_nlp_bench.cli.search_runner import jobs_for, search_progress
    from nni_nlp_bench.parallel.searches import run_anywhere
    from nni_nlp_bench.reports.files import write_searches
    from nni_nlp_bench.reports.measures import reference_loss, summarize
    from nni_nlp_bench.reports.study import regrets_by_method, study_rows
    from nni_nlp_bench.reports.study_files import StudyMetadata, write_study
    from nni_nlp_bench.reports.study_plot import draw_study, plotted_costs
    from search_spaces.plotting import warn_on_failure

    comparison, (processes, scheduler) = planned.comparison, execution
    searches = len(comparison.searches())
    with search_progress(searches) as progress:
        runs = run_anywhere(
            table,
            comparison,
            journals=out / "journals",
            n_jobs=jobs_for(processes, searches),
            isolate=True,
            scheduler=scheduler,
            progress=progress,
        )
    reference, cost = reference_loss(table, runs), planned.cost
    summaries = [summarize(run, reference) for run in runs]
    rows = study_rows(runs, cost, table.epochs, reference)
    metadata = StudyMetadata.of(planned, table, reference)
    write_searches(out, runs, summaries, reference, table.space_name)
    write_study(out, metadata, rows)
    with warn_on_failure(out / PLOT):
        curves = regrets_by_method(runs, plotted_costs(cost), cost, table.epochs, reference)
        draw_study(out / PLOT, curves, planned, reference, table.name)
    _print(metadata, rows, out, as_json)


def _print(metadata: StudyMetadata, results: Sequence[StudyRow], out: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from nni_nlp_bench.reports.page.formatting import format_count
    from nni_nlp_bench.reports.study import cost_text

    if as_json:
        print_json({**metadata.to_dict(), "results": [asdict(r) for r in results], "out": str(out)})
        return
    columns = {r.share: f"{r.share:.0%}\n{cost_text(r.cost)}" for r in results}
    cells = {(r.method, r.share): _cell(r) for r in results}
    names = dict.fromkeys(r.method for r in results)
    rows = [[name, *(cells[name, share] for share in columns)] for name in names]
    title = (
        f"{metadata.benchmark}: mean regret over {format_count(len(metadata.seeds), 'seed')} and "
        f"95 % interval,\nby fraction of the budget, in {metadata.cost.unit}"
    )
    table = plain_table(title, ("method", *columns.values()), rows)
    table.padding = (0, 1, 0, 0)
    print_tables(table)
    for line in metadata.notes():
        echo(line)
    print_plot(out / PLOT)


def _cell(row: StudyRow) -> str:
    """Return the mean, and below it the interval if there is one."""
    mean, low, high = (_short(value) for value in (row.regret, row.low, row.high))
    return mean + (f"\n{low}-{high}" if row.low == row.low else "")


def _short(value: float) -> str:
    """Format a regret without its leading zero: four columns of intervals then fit a terminal."""
    from nni_nlp_bench.reports.page.formatting import format_number

    return format_number(value, ".3f").removeprefix("0")
