"""`benchmark build-mini`: train the project's own benchmark again, or another one like it."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options


def build_mini(
    out: options.Out,
    cells: Annotated[int, typer.Option(min=3, help="Distinct published cells.")] = 1_000,
    repeated: Annotated[int, typer.Option(min=0, help="Of these, with three seeds.")] = 200,
    workers: options.TaskWorkers = None,
    scheduler: options.Scheduler = None,
) -> None:
    """Train and score the cells of the benchmark `mini`. Run it again to go on.

    Writes logs, scores.csv and a table, which every command takes for a benchmark, to --out.
    """
    from nni_nlp_bench.cli.output import bar
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.parallel.cluster import cluster
    from nni_nlp_bench.parallel.mini import build

    with (
        locked_output_dir(out, {"benchmark": "mini"}, "a benchmark"),
        bar("building") as progress,
        cluster(scheduler, workers) as client,
    ):
        table = build(client, out, cells, repeated, progress)
    typer.echo(f"{out / 'table'}: {len(table)} cells, {table.metadata.runs} trainings")
