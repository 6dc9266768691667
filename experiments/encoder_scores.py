"""How well training-free scores rank the encoders of NAS-Bench-BERT, and how well counting does.

    nni-nlp-bench score --space encoder --recipes ids.jsonl --corpus pydoc --out own.csv \\
        --scores head_confidence,num_params
    python experiments/encoder_scores.py own.csv --published BERT_results_activation.csv

`ids.jsonl` holds the published ids, one a line. Taus are Kendall's, with the GLUE score.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError

Values = NDArray[Any]

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
        str, typer.Option(help="What has the GLUE scores.")
    ] = "nas-bench-bert/glue",
    out: Annotated[Path | None, typer.Option(help="A CSV file for the scores by id.")] = None,
) -> None:
    """Print a table of taus for each file: over all encoders, and over pairs of equal depth."""
    measured = load(benchmark)
    if not isinstance(measured, Table):
        raise UserError(f"{benchmark} predicts: scores are compared with measured results")
    glue = trainings(measured)
    scored = {path.stem: by_id(pd.read_csv(path), glue) for path in scores}
    others = {} if published is None else {"published": published_scores(published)}
    for name, table in {"counts": counts(glue), **others, **scored}.items():
        print(f"{name}: {len(table)} encoders\n")
        print(taus(table, glue).to_string(float_format="%.3f"), "\n")
    if out is not None:
        pd.concat(scored, names=["mode"]).to_csv(out, float_format="%.8g")


def trainings(benchmark: Table) -> pd.DataFrame:
    """By published id: key, depth, hidden size and mean GLUE score of each training."""
    rows = {}
    for encoder in benchmark.architectures():
        for seed in benchmark.seeds(encoder):
            loss = benchmark.query(encoder, None, seed).val_loss
            rows[benchmark.recipe_ids(encoder)[seed]] = {
                "canonical_key": encoder.canonical_key,
                "layers": len(encoder.layers),
                "hidden_size": encoder.hidden_size,
                "glue": math.nan if loss is None else LossUnit.POINTS.to_metric(loss),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("id").sort_index()


def counts(glue: pd.DataFrame) -> pd.DataFrame:
    """What an encoder says without any network: its sizes, and both together, depth first."""
    sizes = glue[["layers", "hidden_size"]]
    return sizes.assign(both=glue.layers + glue.hidden_size / 1_000)


def by_id(scores: pd.DataFrame, glue: pd.DataFrame) -> pd.DataFrame:
    """The scores of a file by published id; an encoder that was trained twice has two."""
    once = scores.drop_duplicates("canonical_key").set_index("canonical_key")
    numbers = once.drop(columns=["line", "recipe"])
    joined = glue[["canonical_key"]].join(numbers, on="canonical_key", how="inner")
    return joined.drop(columns="canonical_key")


def published_scores(path: Path) -> pd.DataFrame:
    """The release's scores by id, under our names."""
    names = {f"{theirs} Normalized": f"{ours}_normalised" for theirs, ours in PUBLISHED.items()}
    table = pd.read_csv(path, index_col="ID").rename_axis("id")
    return table.drop(columns="GLUE Score").rename(columns={**names, **PUBLISHED})


def taus(scores: pd.DataFrame, glue: pd.DataFrame) -> pd.DataFrame:
    """One row a score, the largest first: `tau` over all pairs of encoders, `equal depth` over
    those pairs that have equally many layers."""
    wanted, depth = (glue.loc[scores.index, name].to_numpy() for name in ("glue", "layers"))
    same = depth[:, None] == depth
    rows = {
        name: {
            "tau": _tau(values.to_numpy(), wanted, np.ones_like(same)),
            "equal depth": _tau(values.to_numpy(), wanted, same),
        }
        for name, values in scores.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.sort_values("tau", key=abs, ascending=False)


def _tau(score: Values, wanted: Values, pairs: NDArray[np.bool_]) -> float:
    """Kendall's tau b over these pairs; NaN where one side is tied in all of them."""
    chosen = np.triu(pairs, 1)
    a, b = (np.sign(np.subtract.outer(side, side))[chosen] for side in (score, wanted))
    untied = np.sqrt((a != 0).sum() * (b != 0).sum())
    return float((a * b).sum() / untied) if untied else math.nan


if __name__ == "__main__":
    typer.run(main)
