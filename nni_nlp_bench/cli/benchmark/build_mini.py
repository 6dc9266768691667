"""`benchmark build-mini`: train the cells of the benchmark `mini`, or of a similar one."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo

MAX_CELLS = 4_738
"""Number of published cells without repeats."""


def build_mini(
    out: options.Out,
    cells: Annotated[
        int, typer.Option(min=3, max=MAX_CELLS, help="Number of distinct published cells.")
    ] = 1_000,
    repeated: Annotated[
        int, typer.Option(min=0, max=MAX_CELLS, help="Number of cells trained with three seeds.")
    ] = 200,
    workers: options.TaskWorkers = None,
    scheduler: options.Scheduler = None,
) -> None:
    """Train and score the cells of the benchmark `mini`. Run it again to resume.

    Writes logs, scores.csv and a table to --out. The table can be used as a benchmark.
    """
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.parallel.cluster import cluster
    from nni_nlp_bench.parallel.mini import build

    with (
        locked_output_dir(out, {"benchmark": "mini"}, "a benchmark"),
        bar("building") as progress,
        cluster(scheduler, workers) as client,
    ):
        table = build(client, out, cells, repeated, progress)
    echo(f"{out / 'table'}: {len(table)} cells, {table.metadata.runs} trainings")
