"""`evaluate-scores`: show how well zero-cost scores rank the trainings of a benchmark."""

from __future__ import annotations

import math
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import plain_table, print_json, print_tables
from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


def evaluate_scores(
    scores: Annotated[Path, typer.Argument(help="CSV file that `score` wrote.")],
    benchmark: options.BenchmarkName,
    size: Annotated[
        str, typer.Option(help="Descriptor of the space that counts the parameters.")
    ] = "parameters",
    json: options.Json = False,
) -> None:
    """Evaluate how well zero-cost scores rank trained architectures, beside their sizes alone."""
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.reports.score_ranking import evaluate_scores as evaluate

    found = evaluate(load(benchmark), _read_scores(scores), size)
    rows = found.reset_index().to_dict("records")
    if json:
        print_json(rows)
        return
    columns = {
        "score": "score",
        "tau": "Kendall tau",
        "equal_depth": "equal depth",
        "close_pairs": "pairs within 10 %",
        "trainings": "trainings",
        "pairs": "such pairs",
    }
    shown = [name for name in columns if name in rows[0]]
    cells = [[_text(row[name]) for name in shown] for row in rows]
    print_tables(plain_table(None, [columns[name] for name in shown], cells))


def _read_scores(path: Path) -> pd.DataFrame:
    """Read a file of scores. Raises UserError if it is none."""
    import pandas as pd

    from nni_nlp_bench.core.input_files import read_text

    try:
        return pd.read_csv(StringIO(read_text(path)))
    except ValueError as error:
        raise UserError(f"{path} is not a CSV file of scores: {error}") from None


def _text(value: object) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.3f}"
    return str(value)
