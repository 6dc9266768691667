"""NAS-Bench-NLP's comparison of search methods, repeated on its published results.

    python experiments/nas_bench_nlp_study.py --ptb ptb_multi_run.csv.gz --wikitext-2 logs.zip \
        --out runs/study

Twenty seeds of every method, each with the cost of 100 full trainings: under an hour on two cores.
Run it again to go on after an interruption. For each source it makes a table and runs
`nni-nlp-bench study` on it.

Look at: OUT/ptb/study.png and OUT/wikitext-2/study.png, and study.csv beside them.
Then: nni-nlp-bench report runs/study/ptb runs/study/wikitext-2 --out study.html
Change: --methods, names of methods or strategies: paper,mf_kd,local_search; --trainings.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.cli.study import study
from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.importers import Format


def main(
    out: Annotated[Path, typer.Option(help="Folder for tables and results.")],
    ptb: Annotated[
        Path | None, typer.Option(help="CSV with the columns recipe and test_loss.")
    ] = None,
    wikitext_2: Annotated[
        Path | None, typer.Option(help="The release's logs, with curves.")
    ] = None,
    methods: Annotated[str, typer.Option(help="As `nni-nlp-bench study` takes them.")] = (
        "paper,naslib"
    ),
    seeds: Annotated[int, typer.Option(min=1, help="Searches of each method.")] = 20,
    trainings: Annotated[int, typer.Option(min=1, help="Budget in full trainings.")] = 100,
    processes: Annotated[int | None, typer.Option(help="Default: one a core.")] = None,
) -> None:
    """Make a table of each source and run the study on it."""
    sources: list[tuple[str, Path | None, Format]] = [
        ("ptb", ptb, "csv"),
        ("wikitext-2", wikitext_2, "nas-bench-nlp"),
    ]
    for name, source, format in sources:
        if source is None:
            continue
        table = out / "tables" / name
        if not table.exists():
            import_benchmark(source, format, table)
        study(
            benchmark=str(table),
            out=out / name,
            strategies=methods,
            seeds=seeds,
            trainings=trainings,
            processes=processes,
        )


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
