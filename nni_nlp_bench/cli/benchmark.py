"""`benchmark`: bring results here, turn them into other formats, ask them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.build_mini import build_mini
from nni_nlp_bench.cli.predict import predict
from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.base import Benchmark
    from nni_nlp_bench.benchmarks.importers import Format, ImportReport

SKIPPED_SHOWN = 5

benchmark = typer.Typer(help="Download, import, export or ask a benchmark.", no_args_is_help=True)
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what --out holds.")]
NameOrFolder = Annotated[str, typer.Argument(help="Name of a benchmark, or a table's folder.")]

benchmark.command()(predict)
benchmark.command("build-mini")(build_mini)


@benchmark.command()
def download(
    name: Annotated[str, typer.Argument(help="Name of a benchmark: see `nni-nlp-bench list`.")],
    url: Annotated[str | None, typer.Option(help="Another address of the same archive.")] = None,
    file: Annotated[Path | None, typer.Option(help="A local copy of the archive.")] = None,
) -> None:
    """Download a benchmark, check it and import it. Run it again to go on after an interruption."""
    import numpy as np

    from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, Packaged, download_benchmark
    from nni_nlp_bench.cli.output import bar

    if url is not None and file is not None:
        raise UserError("--url and --file name two sources of one archive: give one of them")
    entry = BENCHMARKS.get(name)
    if isinstance(entry.source, Packaged):
        typer.echo(f"{name} comes with the package: there is nothing to download")
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
        typer.echo(f"{name} is at hand already: {entry.table}")
    else:
        _print_report(report, entry.table)


@benchmark.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="The file or folder to read.")],
    format: Annotated[
        str, typer.Option(help="nas-bench-nlp, nni-db, naslib, nas-bench-bert or csv.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the table.")],
    dataset: Annotated[
        str | None,
        typer.Option(help="Keep the runs on this data set or task; its name where none is told."),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="A csv's: its search space (default: rnn_cell).")
    ] = None,
    unit: Annotated[
        Literal["nats", "points"] | None,
        typer.Option(help="A csv's: unit of its losses; points are 100 - score (default: nats)."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make a table of published results in another format."""
    from nni_nlp_bench.benchmarks.importers import CsvColumns, import_benchmark
    from nni_nlp_bench.benchmarks.units import SHORT_UNITS
    from nni_nlp_bench.cli.output import bar

    told = {"space": space, "unit": unit and SHORT_UNITS[unit]}
    given: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    with bar("importing") as progress:
        report = import_benchmark(
            source,
            cast("Format", format),
            out,
            dataset=dataset,
            columns=CsvColumns(**given) if given else None,
            overwrite=overwrite,
            progress=progress,
        )
    _print_report(report, out)


@benchmark.command()
def export(
    name: NameOrFolder,
    format: Annotated[str, typer.Option(help="nni-db or naslib.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    overwrite: Overwrite = False,
) -> None:
    """Write a table in the format of another tool."""
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.exporters import export_naslib_pickle, export_nni_db
    from nni_nlp_bench.benchmarks.table import Table

    exporters = {"nni-db": export_nni_db, "naslib": export_naslib_pickle}
    if format not in exporters:
        raise UserError(f"unknown format {format!r} to export; known: {', '.join(exporters)}")
    table = load(name)
    if not isinstance(table, Table):
        raise UserError(f"{name} predicts: only a table of measured results can be exported")
    report = exporters[format](table, out, overwrite)
    typer.echo(f"{out}: {report.written} runs written")
    for line in report.lost:
        typer.echo(f"not written: {line}")


@benchmark.command()
def info(name: NameOrFolder, json: options.Json = False) -> None:
    """Tell what a benchmark holds."""
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.cli.output import key_value_table, print_json, print_tables

    facts = _facts(load(name))
    if json:
        print_json(facts)
    else:
        print_tables(key_value_table({key: _word(value) for key, value in facts.items()}))


_FITTED = ("target", "units", "cells", "runs", "cross_validation")


def _facts(benchmark: Benchmark) -> dict[str, Any]:
    from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS
    from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark
    from nni_nlp_bench.benchmarks.table import Table
    from nni_nlp_bench.benchmarks.table_info import figure_loss, table_info
    from nni_nlp_bench.benchmarks.units import rename_metric_keys

    if isinstance(benchmark, Table):
        part = figure_loss(benchmark.metadata.recorded).removesuffix("loss")
        return rename_metric_keys(asdict(table_info(benchmark)), part + benchmark.unit.metric)
    named = ("name", "objective", "unit", "epochs")
    facts = {name: getattr(benchmark, name) for name in named}
    facts |= {"space": benchmark.space_name}
    entry = BENCHMARKS.get(benchmark.name)
    about = {name: getattr(entry, name) for name in ("description", "licence", "citation")}
    facts |= {"has_curves": benchmark.has_curves, **about}
    if isinstance(benchmark, SurrogateBenchmark):
        fitted = benchmark.predictor.metadata
        facts |= {name: fitted[name] for name in _FITTED if name in fitted}
    return facts


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_word(item)}" for key, item in value.items()) or "none"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _print_report(report: ImportReport, table: Path) -> None:
    typer.echo(f"{table}: {report.kept} of {report.read} runs imported")
    for skipped in report.skipped[:SKIPPED_SHOWN]:
        typer.echo(f"skipped {skipped.name}: {skipped.reason}")
    if len(report.skipped) > SKIPPED_SHOWN:
        typer.echo(f"skipped {len(report.skipped) - SKIPPED_SHOWN} more")
    for note in report.notes:
        typer.echo(f"note: {note}")
