"""`arch latency`: latency of untrained networks on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo, print_json
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_PROCESSES, MAX_WIDTH

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.table import Table


def latency(
    architecture: Annotated[
        str | None,
        typer.Option(help="Name, published id, JSON text, or a file with one: print its latency."),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(help="Table whose architectures are all measured: needs --out."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=options.output_folder,
            metavar="PATH",
            help="With --benchmark: folder for a copy of the table with the latencies.",
        ),
    ] = None,
    space: options.SpaceName = "rnn_cell",
    batch: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Number of texts.")] = 1,
    length: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Tokens of each text.")] = 64,
    warmup: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Runs before the first.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Measured runs.")] = 30,
    threads: Annotated[
        int, typer.Option(min=1, max=MAX_PROCESSES, help="Number of CPU threads.")
    ] = 1,
    vectors: Annotated[
        int,
        typer.Option(min=1, max=MAX_WIDTH, help="Width of the word vectors of classifiers."),
    ] = 100,
    embedding: options.Embedding = 400,
    hidden: options.Hidden = 600,
    layers: options.Layers = 3,
    json: options.Json = False,
) -> None:
    """Measure the forward pass of untrained networks: the median of several runs, in ms.

    With --benchmark, the copy of the table records the objective `latency`.
    """
    from nni_nlp_bench.training.latency import LatencySettings, measure_latency
    from nni_nlp_bench.training.settings import Sizes

    settings = LatencySettings(
        batch=batch,
        length=length,
        warmup=warmup,
        repeats=repeats,
        threads=threads,
        vectors=vectors,
        sizes=Sizes(embedding, hidden, layers),
    )
    if benchmark is not None and out is not None and architecture is None:
        measured = _measured(_load(benchmark), settings)
        measured.save(out)
        echo(f"{out}: latency of {len(measured):,} architectures ({settings})")
        return
    if architecture is None or benchmark is not None or out is not None:
        raise UserError("give either --architecture, or --benchmark and --out")
    from search_spaces.loading import read_architecture
    from search_spaces.registry import get_space

    search_space = get_space(space)
    found = measure_latency(search_space, read_architecture(search_space, architecture), settings)
    if json:
        print_json({**asdict(found), "settings": asdict(settings)})
    else:
        echo(f"{found.median_ms:.3f} ms (middle half {found.low_ms:.3f} to {found.high_ms:.3f})")
        echo(str(settings))


def _load(name: str) -> Table:
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.table import Table

    table = load(name)
    if not isinstance(table, Table):
        raise UserError(f"{name} is no table: it has no list of architectures to measure")
    return table


def _measured(table: Table, settings: Any) -> Table:
    from nni_nlp_bench.benchmarks.objectives import Objective
    from nni_nlp_bench.training.latency import measure_latency

    metric, values = Objective("latency", "ms", requires_training=False), []
    with bar("measuring") as progress:
        for architecture in table.architectures():
            values.append(measure_latency(table.space, architecture, settings).median_ms)
            progress(len(values), len(table))
    return table.with_metric(metric, values, f"latency: {settings}")
