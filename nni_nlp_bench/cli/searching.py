"""What `search` and `compare` share: check, run with a progress bar, report."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.of_space import load_of_space
from nni_nlp_bench.benchmarks.units import under_its_name
from nni_nlp_bench.cli.folder import claimed
from nni_nlp_bench.cli.output import print_json
from nni_nlp_bench.reports.files import BEST
from nni_nlp_bench.reports.outcome import CURVE, Outcome, write_outcome
from nni_nlp_bench.reports.ranking import ranking_table
from nni_nlp_bench.strategies.compare import Comparison, Run, compare
from nni_nlp_bench.strategies.run import check_search, search_space


def run_and_report(
    comparison: Comparison, space: str, out: Path, processes: int | None, as_json: bool
) -> None:
    """Run the comparison, or go on with it, and leave its results in `out`."""
    benchmark = load_of_space(comparison.benchmark, space)
    _check(benchmark, comparison)
    with claimed(out, asdict(comparison), "a search"):
        _run_and_report(benchmark, comparison, out, processes, as_json)


def _run_and_report(
    benchmark: Benchmark, comparison: Comparison, out: Path, processes: int | None, as_json: bool
) -> None:
    runs = run_with_progress(comparison, out / "journals", processes)
    title = f"{benchmark.name}: {comparison.settings.budget.evaluations} evaluations a search"
    print_outcome(write_outcome(out, benchmark, runs, title), out, as_json)


def print_outcome(outcome: Outcome, out: Path, as_json: bool) -> None:
    """The ranking and where the files are, as JSON if asked."""
    reference = outcome.reference
    if as_json:
        ranking = [under_its_name(asdict(row), reference.unit.figure) for row in outcome.ranked]
        print_json({"reference": asdict(reference), "ranking": ranking, "out": str(out)})
        return
    console = Console()
    console.print(ranking_table(outcome.ranked, reference, outcome.title))
    console.print(f"plot    {out / CURVE}", soft_wrap=True, highlight=False)
    console.print(f"best    {out / BEST}", soft_wrap=True, highlight=False)


def _check(benchmark: Benchmark, comparison: Comparison) -> None:
    for search in comparison.searches():
        check_search(benchmark, search)
    search_space(benchmark, comparison.restrict, comparison.warm_start)


def run_with_progress(comparison: Comparison, journals: Path, processes: int | None) -> list[Run]:
    """All runs; `processes` at a time, one a core by default."""
    searches = comparison.searches()
    done = {(search.name, search.seed): 0.0 for search in searches}
    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("starting", total=len(searches))

        def follow(method: str, seed: int, share: float) -> None:
            done[method, seed] = share
            label = f"{method}, seed {seed}"
            progress.update(task, completed=sum(done.values()), description=f"{label:28}")

        at_a_time = min(processes or os.cpu_count() or 1, len(searches))
        runs = compare(comparison, journals, at_a_time, follow)
        progress.update(task, completed=len(searches), description=f"{'done':28}")
        return runs
