"""How well zero-cost scores rank the encoders of NAS-Bench-BERT, the release's and ours.

    nni-nlp-bench score --space encoder --recipes ids.jsonl --corpus pydoc --out own.csv \\
        --scores head_confidence,num_params,nsc
    python experiments/encoder_scores.py own.csv --published BERT_results_activation.csv

`ids.jsonl` holds the published ids, one a line. Taus are Kendall's, with the GLUE score.
"""

from __future__ import annotations

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


def main(
    scores: Annotated[list[Path], typer.Argument(help="CSV files that `score` wrote.")],
    published: Annotated[
        Path | None, typer.Option(help="The release's BERT_results_activation.csv.")
    ] = None,
    benchmark: Annotated[
        str, typer.Option(help="Benchmark with the GLUE scores.")
    ] = "nas-bench-bert/glue",
    out: Annotated[Path | None, typer.Option(help="A CSV file for the scores by id.")] = None,
) -> None:
    """Print how well each file's scores rank, and how well the sizes alone do."""
    measured = load(benchmark)
    if not isinstance(measured, Table):
        raise UserError(f"{benchmark} predicts: scores are compared with measured results")
    table = trainings_by_id(measured)
    others = {} if published is None else {"published": published_scores(published)}
    scored = {path.stem: by_id(pd.read_csv(path), table) for path in scores}
    for name, columns in {"sizes alone": sizes(table), **others, **scored}.items():
        print(f"{name}: {len(columns)} encoders\n")
        ranks = rank_columns(columns, table, "parameters")
        print(ranks.to_string(float_format="%.3f"), "\n")
    if out is not None:
        pd.concat(scored, names=["mode"]).to_csv(out, float_format="%.8g")


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
