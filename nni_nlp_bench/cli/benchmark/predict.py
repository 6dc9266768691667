"""`benchmark predict`: predict the losses of a file of recipes with a surrogate."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo
from nni_nlp_bench.core.errors import UserError

BATCH = 256
COLUMNS = ("line", "canonical_key", "test_loss", "std", "training_hours")


def predict(
    recipes: Annotated[
        Path, typer.Option(help="File with one recipe per line, as JSON text, name or id.")
    ],
    out: Annotated[
        Path,
        typer.Option(parser=options.output_file, metavar="PATH", help="CSV file to write."),
    ],
    benchmark: Annotated[
        str, typer.Option(help="Name of the surrogate.")
    ] = "nas-bench-nlp/ptb-surrogate",
) -> None:
    """Predict test loss, its standard deviation, and training hours of recipes."""
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark
    from nni_nlp_bench.cli.recipes import iter_recipes
    from nni_nlp_bench.core.files import atomic_write, check_output_file
    from nni_nlp_bench.core.input_files import open_input

    check_output_file(out, recipes)
    surrogate = load(benchmark)
    if not isinstance(surrogate, SurrogateBenchmark):
        raise UserError(f"{benchmark} is a table of measured results, not a surrogate")
    space = surrogate.space
    count = 0
    with (
        open_input(recipes) as source,
        atomic_write(out) as new,
        bar("predicting", True) as progress,
    ):
        size = recipes.stat().st_size
        with new.open("w", newline="", encoding="utf-8") as target:
            writer = csv.writer(target)
            writer.writerow(COLUMNS)
            lines = iter_recipes(source, recipes, space)
            while batch := list(islice(lines, BATCH)):
                results = surrogate.query_all([recipe for _, recipe in batch])
                for (line, recipe), result in zip(batch, results, strict=True):
                    hours = result.wall_time_s / 3600
                    key = recipe.canonical_key
                    writer.writerow((line, key, result.test_loss, result.std, hours))
                count += len(batch)
                progress(source.tell(), size)
        if count == 0:
            raise UserError(f"{recipes} has no recipes: write one per line")
    echo(f"{out}: {count} predictions written")
