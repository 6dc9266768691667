"""How well zero-cost scores rank the encoders of NAS-Bench-BERT: the tables of the docs.

    nni-nlp-bench score --space encoder --recipes ids.jsonl --corpus pydoc --out own.csv \\
        --scores head_confidence,num_params,nsc
    python experiments/encoder_scores.py own.csv --published BERT_results_activation.csv
    python experiments/encoder_scores.py --data docs/data/encoder_scores.csv

`ids.jsonl` holds the published ids, one a line. Printed are Markdown tables of Kendall's tau with
the GLUE score over all pairs of encoders, over those of equal depth, and the accuracy on pairs
within 10 % of parameters.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.score_ranking import KEY, SEED, rank_columns, trainings

PUBLISHED = {
    "Synaptic Diversity": "synaptic_diversity",
    "Synaptic Saliency": "synaptic_saliency",
    "Activation Distance": "activation_distance",
    "Jacobian Score": "jacobian_covariance",
    "Jacobian Score Normalized": "jacobian_cosine",
    "Number of Parameters": "num_params",
    "Head Importance": "head_importance",
    "Head Confidence": "head_confidence",
    "Head Softmax Confidence": "softmax_confidence",
}
"""Columns of the release, by our names; most have a normalised one beside them."""


MEASURES = ["tau", "equal_depth", "close_pairs"]


def main(
    scores: Annotated[
        list[Path] | None, typer.Argument(help="CSV files that `score` wrote, named by mode.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Scores by mode and id, which --out wrote.")
    ] = None,
    published: Annotated[
        Path | None, typer.Option(help="The release's BERT_results_activation.csv.")
    ] = None,
    benchmark: Annotated[
        str, typer.Option(help="Benchmark with the GLUE scores.")
    ] = "nas-bench-bert/glue",
    out: Annotated[
        Path | None, typer.Option(help="CSV file to write all scores to, by mode and id.")
    ] = None,
) -> None:
    """Print how well the scores rank, and how well the sizes alone do."""
    measured = load(benchmark)
    if not isinstance(measured, Table):
        raise UserError(f"{benchmark} predicts: scores are compared with measured results")
    table = trainings_by_id(measured)
    modes = {} if data is None else read_modes(data)
    for path in scores or []:
        found = by_id(pd.read_csv(path), table)
        modes[path.stem] = found.combine_first(modes.get(path.stem, found))
    modes = dict(sorted(modes.items()))
    others = {} if published is None else {"published": published_scores(published)}
    print(markdown({"sizes alone": sizes(table)}, table), "\n")
    print(markdown({**others, **modes}, table))
    if out is not None:
        pd.concat(modes, names=["mode"]).to_csv(out, float_format="%.8g")


def read_modes(path: Path) -> dict[str, pd.DataFrame]:
    """Return the scores by id of each mode of a file that `--out` wrote."""
    table = pd.read_csv(path, index_col=["mode", "id"])
    return {str(mode): table.loc[mode] for mode in table.index.unique("mode")}


def markdown(modes: dict[str, pd.DataFrame], table: pd.DataFrame) -> str:
    """Return a table with one row per score and the columns of `MEASURES` for each mode, sorted by
    the absolute taus of the last mode."""
    ranks = [rank_columns(columns, table, "parameters")[MEASURES] for columns in modes.values()]
    heads = [f"{mode}: {name.replace('_', ' ')}" for mode in modes for name in MEASURES]
    lines = [f"| score | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name in ranks[-1].index:
        cells = [
            number(rank.loc[name, measure]) if name in rank.index else ""
            for rank in ranks
            for measure in MEASURES
        ]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a number as the docs write it: `.123`, or `-` if it is undefined."""
    return "-" if math.isnan(value) else f"{value:.3f}".replace("0.", ".", 1)


def trainings_by_id(benchmark: Table) -> pd.DataFrame:
    """Return the trainings of the benchmark by published id."""
    table = trainings(benchmark)
    ids = {each.canonical_key: benchmark.recipe_ids(each) for each in benchmark.architectures()}
    numbers = [ids[key][seed] for key, seed in zip(table[KEY], table[SEED], strict=True)]
    return table.set_axis(pd.Index(numbers, name="id")).sort_index()


def sizes(table: pd.DataFrame) -> pd.DataFrame:
    """Return what an encoder says without any network, and depth and hidden size together."""
    alone = table[["layers", "hidden_size", "parameters"]]
    return alone.assign(both=table["layers"] + table["hidden_size"] / 1_000)


def by_id(scores: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of a file by published id; an encoder that was trained twice has two."""
    once = scores.drop_duplicates(KEY).set_index(KEY)
    held = table[table[KEY].isin(once.index)]
    return once.drop(columns=["line", "recipe"]).loc[held[KEY]].set_axis(held.index)


def published_scores(path: Path) -> pd.DataFrame:
    """Return the release's scores by id, under our names."""
    names = {f"{theirs} Normalized": f"{ours}_normalised" for theirs, ours in PUBLISHED.items()}
    table = pd.read_csv(path, index_col="ID").rename_axis("id")
    return table.drop(columns="GLUE Score").rename(columns={**names, **PUBLISHED})


if __name__ == "__main__":
    typer.run(main)
