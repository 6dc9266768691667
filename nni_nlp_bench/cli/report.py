"""`report`: HTML report on finished searches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import print_json
from nni_nlp_bench.core.files import check_output_file


def report(
    experiments: Annotated[
        list[str],
        typer.Argument(
            help="NNI experiments (id, folder or URL), or output folders of compare or search."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(parser=options.output_file, metavar="PATH", help="The HTML file to write."),
    ],
    rank_all: options.RankAll = False,
    json: options.Json = False,
) -> None:
    """Write an HTML report: regret, statistical tests, plots and best architectures.

    The report is one self-contained file. Experiments may still be running.
    """
    from nni_nlp_bench.cli.console import LiteralConsole
    from nni_nlp_bench.reports.page.html_report import write_report
    from nni_nlp_bench.reports.page.wording import provenance, verdict
    from nni_nlp_bench.reports.ranking import ranking_table
    from nni_nlp_bench.reports.readers.experiments import read_all
    from nni_nlp_bench.reports.sections import make_sections

    if out.suffix not in (".html", ".htm"):  # an earlier report may lie in one of the folders
        check_output_file(out, *map(Path, experiments))
    sources = read_all(experiments)
    sections = make_sections(sources, rank_all)
    write_report(out, sources, sections)
    if json:
        print_json({"sections": [_section(section) for section in sections], "out": str(out)})
        return
    console = LiteralConsole()
    for section in sections:
        console.print(ranking_table(section.ranked, section.reference, section.benchmark))
        for sentence in (provenance(section), *verdict(section)):
            console.print(sentence)
    for source in sources:
        for warning in source.warnings:
            console.print(f"{source.name}: {warning}")
    console.print(f"report  {out}", soft_wrap=True)


def _section(section: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from nni_nlp_bench.benchmarks.units import rename_metric_keys
    from nni_nlp_bench.reports.page.wording import verdict

    metric = section.reference.unit.metric
    ranking = [
        {
            **rename_metric_keys(asdict(row), metric),
            "regret_interval": interval and asdict(interval),
        }
        for row in section.ranked
        for interval in (section.intervals[row.strategy],)
    ]
    return {
        "benchmark": section.benchmark,
        "experiments": section.experiments,
        "counts": asdict(section.counts),
        "reference": asdict(section.reference),
        "ranking": ranking,
        "friedman": section.friedman and asdict(section.friedman),
        "pairs": [{**asdict(pair), "significant": pair.significant} for pair in section.pairs],
        "verdict": verdict(section),
        "warnings": section.warnings,
    }
