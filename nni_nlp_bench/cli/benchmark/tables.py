"""`benchmark`: download, import, export and inspect benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.benchmark.build_mini import build_mini
from nni_nlp_bench.cli.benchmark.predict import predict
from nni_nlp_bench.cli.output import bar, echo, key_value_table, print_json, print_tables
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import check_output_file

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.base import Benchmark
    from nni_nlp_bench.benchmarks.importers import Format, ImportReport
    from nni_nlp_bench.benchmarks.objectives import Direction, Objective

SKIPPED_SHOWN = 5

benchmark = typer.Typer(
    help="Download, import, export or inspect a benchmark.", no_args_is_help=True
)
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Overwrite --out.")]
NameOrFolder = Annotated[str, typer.Argument(help="Name of a benchmark, or folder of a table.")]

benchmark.command()(predict)
benchmark.command("build-mini")(build_mini)


@benchmark.command()
def download(
    name: Annotated[str, typer.Argument(help="Name of a benchmark: see `nni-nlp-bench list`.")],
    url: Annotated[str | None, typer.Option(help="URL of a mirror of the archive.")] = None,
    file: Annotated[Path | None, typer.Option(help="Local copy of the archive.")] = None,
) -> None:
    """Download, verify and import a benchmark. Run it again to resume after an interruption."""
    import numpy as np

    from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, Packaged, download_benchmark

    if url is not None and file is not None:
        raise UserError("give either --url or --file")
    entry = BENCHMARKS.get(name)
    if isinstance(entry.source, Packaged):
        echo(f"{name} is part of the package: nothing to download")
        return
    with bar("downloading", in_bytes=True) as bytes_done, bar("importing") as logs_done:
        report = download_benchmark(
            name,
            rng=np.random.default_rng(),
            url=url,
            file=file,
            progress=bytes_done,
            import_progress=logs_done,
        )
    if report is None:
        echo(f"{name} is already downloaded: {entry.table}")
    else:
        _print_import(report, entry.table)


@benchmark.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="File or folder to read.")],
    format: Annotated[
        str, typer.Option(help="Format: nas-bench-nlp, nni-db, naslib, nas-bench-bert, lts or csv.")
    ],
    out: options.Out,
    dataset: Annotated[
        str | None,
        typer.Option(help="Data set, task or set to import; its name if the source has none."),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="csv: name of the search space (default: rnn_cell).")
    ] = None,
    unit: Annotated[
        Literal["nats", "points"] | None,
        typer.Option(help="csv: unit of the losses; points are 100 - score (default: nats)."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:UNIT[:maximize]]",
            help="csv: column of a metric that needs no training, such as latency:ms; repeatable.",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Convert published results to a table.

    Several sets of the format lts become tables in --out, unless --dataset selects one.
    """
    from nni_nlp_bench.benchmarks.importers import CsvColumns, import_benchmark, import_lts_sets
    from nni_nlp_bench.benchmarks.units import SHORT_UNITS

    metrics = tuple(map(_metric, metric)) if metric else None
    options = {"space": space, "unit": unit and SHORT_UNITS[unit], "metrics": metrics}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    with bar("importing") as progress:
        if format == "lts" and dataset is None and not given:
            reports = import_lts_sets(source, out, overwrite=overwrite, progress=progress)
        else:
            reports = {
                out: import_benchmark(
                    source,
                    cast("Format", format),
                    out,
                    dataset=dataset,
                    columns=CsvColumns(**given) if given else None,
                    overwrite=overwrite,
                    progress=progress,
                )
            }
    for table, report in reports.items():
        _print_import(report, table)


def _metric(text: str) -> Objective:
    """Parse `latency:ms` or `accuracy:%:maximize`. Raises UserError."""
    from nni_nlp_bench.benchmarks.objectives import Objective, check_metric

    name, unit, direction = (*text.split(":", 2), "", "")[:3]
    metric = Objective(
        name, unit, cast("Direction", direction or "minimize"), requires_training=False
    )
    check_metric(metric)
    return metric


@benchmark.command()
def export(
    name: NameOrFolder,
    format: Annotated[str, typer.Option(help="Format: nni-db or naslib.")],
    out: Annotated[
        Path,
        typer.Option(parser=options.output_file, metavar="PATH", help="File to write."),
    ],
    overwrite: Overwrite = False,
) -> None:
    """Write a table in the format of another tool."""
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.exporters import export_naslib_pickle, export_nni_db
    from nni_nlp_bench.benchmarks.table import Table

    exporters = {"nni-db": export_nni_db, "naslib": export_naslib_pickle}
    if format not in exporters:
        raise UserError(f"unknown format {format!r} to export; known: {', '.join(exporters)}")
    check_output_file(out, Path(name))
    table = load(name)
    if not isinstance(table, Table):
        raise UserError(f"{name} is a surrogate: only tables of measured results can be exported")
    report = exporters[format](table, out, overwrite)
    echo(f"{out}: {report.written} runs written")
    for line in report.lost:
        echo(f"not written: {line}")


@benchmark.command()
def info(name: NameOrFolder, json: options.Json = False) -> None:
    """Show the contents and metadata of a benchmark."""
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.cli.benchmark.metrics import metrics_table, optimism_table

    loaded = load(name)
    metadata = _metadata(loaded)
    if json:
        print_json(metadata)
        return
    figures = metadata.pop("cross_validation", None)
    metadata["objectives"] = tuple(map(str, loaded.objectives.values()))
    tables = [key_value_table({key: _format(value) for key, value in metadata.items()})]
    if figures:
        tables.append(metrics_table(figures))
    if figures and "optimism" in figures:
        tables.append(optimism_table(figures["optimism"]))
    print_tables(*tables)


_SURROGATE_KEYS = ("version", "target", "units", "cells", "runs", "cross_validation")


def _metadata(benchmark: Benchmark) -> dict[str, Any]:
    from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS
    from nni_nlp_bench.benchmarks.curve_benchmark import CurveSurrogateBenchmark
    from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark
    from nni_nlp_bench.benchmarks.table import Table
    from nni_nlp_bench.benchmarks.table_info import figure_loss, table_info
    from nni_nlp_bench.benchmarks.units import rename_metric_keys

    objectives = [asdict(objective) for objective in benchmark.objectives.values()]
    if isinstance(benchmark, Table):
        prefix = figure_loss(benchmark.metadata.recorded).removesuffix("loss")
        values = rename_metric_keys(asdict(table_info(benchmark)), prefix + benchmark.unit.metric)
        return values | {"objectives": objectives}
    fields = ("name", "objective", "unit", "epochs")
    metadata = {name: getattr(benchmark, name) for name in fields}
    metadata |= {"space": benchmark.space_name}
    entry = BENCHMARKS.get(benchmark.name)
    reference = {name: getattr(entry, name) for name in ("description", "licence", "citation")}
    metadata |= {"has_curves": benchmark.has_curves, **reference}
    if isinstance(benchmark, SurrogateBenchmark | CurveSurrogateBenchmark):
        surrogate_metadata = benchmark.predictor.metadata
        metadata |= {
            name: surrogate_metadata[name] for name in _SURROGATE_KEYS if name in surrogate_metadata
        }
    return metadata | {"objectives": objectives}


def _format(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_format(item)}" for key, item in value.items()) or "none"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _print_import(report: ImportReport, table: Path) -> None:
    echo(f"{table}: {report.kept} of {report.read} runs imported")
    for skipped in report.skipped[:SKIPPED_SHOWN]:
        echo(f"skipped {skipped.name}: {skipped.reason}")
    if len(report.skipped) > SKIPPED_SHOWN:
        echo(f"skipped {len(report.skipped) - SKIPPED_SHOWN} more")
    for note in report.notes:
        echo(f"note: {note}")
