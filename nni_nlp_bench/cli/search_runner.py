"""Run a comparison with a progress bar and print its ranking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nni_nlp_bench.cli.output import echo, plain_table, print_json, print_plot, print_tables
from nni_nlp_bench.reports.comparison import CURVE, ComparisonResult, exhausted_note
from nni_nlp_bench.reports.files import BEST
from nni_nlp_bench.reports.fronts import FRONT, format_value, joint_front
from nni_nlp_bench.reports.unranked import unranked_note
from nni_nlp_bench.strategies.compare import Progress

_FRONT_ROWS = 12
"""Largest number of rows of a front in the terminal."""


@contextmanager
def search_progress(searches: int) -> Iterator[Progress]:
    """Show one progress bar over all searches on stderr, if it is a terminal."""
    from rich.progress import (
        BarColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    from nni_nlp_bench.cli.console import LiteralConsole

    columns: list[Any] = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    console = LiteralConsole(stderr=True)
    shares: dict[tuple[str, int], float] = {}
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=searches)

        def show(strategy: str, seed: int, share: float) -> None:
            shares[strategy, seed] = share
            label = f"{strategy}, seed {seed}"
            bar.update(task, completed=sum(shares.values()), description=f"{label:28}")

        yield show
        bar.update(task, completed=searches, description=f"{'done':28}")


def jobs_for(processes: int | None, searches: int) -> int:
    """Return the number of searches at a time: one per core by default."""
    return min(processes or os.cpu_count() or 1, searches)


def print_comparison(result: ComparisonResult, out: Path, as_json: bool) -> None:
    """Print the ranking and where the files are, as JSON if asked."""
    from nni_nlp_bench.benchmarks.units import rename_metric_keys
    from nni_nlp_bench.reports.ranking import ranking_table

    reference, note = result.reference, exhausted_note(result.results)
    if as_json:
        ranking = [rename_metric_keys(asdict(row), reference.unit.metric) for row in result.ranked]
        print_json(
            {
                "budget": result.budget.rstrip(","),
                "reference": asdict(reference),
                "ranking": ranking,
                **_front(result),
                "unranked": result.unranked,
                "note": note,
                "out": str(out),
            }
        )
        return
    print_tables(ranking_table(result.ranked, reference, result.title))
    if result.objectives:
        print_tables(_front_table(result))
        echo(f"front   {out / FRONT}")
    for line in (*unranked_note(result.unranked), *([] if note is None else [note])):
        echo(f"note    {line}")
    print_plot(out / CURVE)
    echo(f"best    {out / BEST}")


def _front(result: ComparisonResult) -> dict[str, Any]:
    return {"pareto_front": joint_front(result.results)} if result.objectives else {}


def _front_table(result: ComparisonResult) -> Any:
    """Return the front of all searches as a table; of a long one, evenly spaced rows."""
    rows = joint_front(result.results)
    shown = rows[:: -(-len(rows) // _FRONT_ROWS)] if rows else []
    title = f"Pareto front of all searches: {len(rows)} architectures"
    if len(shown) < len(rows):
        title += f", {len(shown)} of them shown"
    names = [objective.name for objective in result.objectives]
    columns = (*map(str, result.objectives), "strategy", "seed", "trial")
    cells = [
        (
            *(format_value(row[name]) for name in names),
            row["strategy"],
            str(row["seed"]),
            str(row["trial"]),
        )
        for row in shown
    ]
    return plain_table(title, columns, cells)
