"""How well zero-cost scores rank the trained architectures of a benchmark, beside their sizes."""

from __future__ import annotations

import math

import pandas as pd

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.zero_cost.ranking import kendall_tau, pair_accuracy

TRAINING = KEY, SEED, LOSS = "canonical_key", "seed", "loss"
DEPTH = "layers"
_NOT_SCORES = ("line", "recipe", KEY)
"""Columns of a file that `score` wrote which are no scores."""


def evaluate_scores(
    benchmark: Benchmark, scores: pd.DataFrame, size: str = "parameters"
) -> pd.DataFrame:
    """Return how well scores, and the sizes of the architectures alone, rank the trainings.

    Args:
        benchmark: A table of measured results.
        scores: One row per architecture, a column `canonical_key` or an index of that name, and one
            column per score: what `score` returns or writes.
        size: Descriptor of the space that counts the parameters.

    Returns:
        The columns of `rank_columns`, by score, then by descriptor of the architecture.

    Raises:
        UserError: The benchmark holds no such results, or no architecture has a score.
    """
    keyed = scores if KEY in scores else scores.reset_index()
    if KEY not in keyed:
        raise UserError(f"the scores have no column {KEY!r}: give what `score` wrote")
    once = keyed.drop_duplicates(KEY).set_index(KEY)
    table = trainings(benchmark)
    table = table[table[KEY].isin(once.index)]
    if table.empty:
        raise UserError(f"{benchmark.name} has a loss of none of the architectures")
    names = [name for name in once if name not in _NOT_SCORES]
    for name in names:
        if not pd.api.types.is_numeric_dtype(once[name]):
            raise UserError(f"the column {name!r} of the scores does not hold numbers")
    scored = once.loc[table[KEY], names].set_axis(table.index)
    alone = table.drop(columns=[*TRAINING])
    return pd.concat([rank_columns(each, table, size) for each in (scored, alone)])


def trainings(benchmark: Benchmark) -> pd.DataFrame:
    """Return one row per training of a table that has a finite loss.

    Columns are `canonical_key`, `seed`, `loss` (the one that a search minimises), and the numeric
    descriptors of the architecture.

    Raises:
        UserError: The benchmark predicts, or no training has a loss.
    """
    held = benchmark.architectures()
    if held is None:
        raise UserError(f"{benchmark.name} answers for any architecture: scores need a table")
    rows = []
    for architecture in held:
        described = benchmark.space.describe(architecture)
        numbers = {
            name: value
            for name, value in described.items()
            if not isinstance(value, str) and name not in benchmark.space.op_set
        }
        for seed in benchmark.seeds(architecture):
            loss = getattr(benchmark.query(architecture, None, seed), benchmark.objective)
            if loss is not None and math.isfinite(loss):
                row = {KEY: architecture.canonical_key, SEED: seed, LOSS: loss}
                rows.append({**row, **numbers})
    if not rows:
        raise UserError(f"{benchmark.name} has no finite loss")
    return pd.DataFrame(rows)


def rank_columns(scores: pd.DataFrame, table: pd.DataFrame, size: str) -> pd.DataFrame:
    """Return how well each column of scores ranks the trainings of `table`, which has its index.

    Args:
        scores: One column per score; a training without a finite score is left out.
        table: Trainings as those of `trainings`.
        size: Column of `table` that counts the parameters.

    Returns:
        By score, that of the largest absolute tau first: `tau`, Kendall's with the negated losses;
        `equal_depth`, the same over pairs with equally many `layers`, where the space has these;
        `close_pairs`, the share of pairs within 10 % of parameters that the score orders correctly
        (.5 is chance); and the numbers of `trainings` and of such `pairs`.

    Raises:
        UserError: The space has no such descriptor.
    """
    if size not in table:
        raise UserError(
            f"the space does not count {size!r}; known: {', '.join(table.columns[len(TRAINING) :])}"
        )
    rows = {}
    for name, column in scores.items():
        values = column[column.map(math.isfinite)]
        losses, sizes = (table.loc[values.index, each].to_numpy() for each in (LOSS, size))
        row = {"tau": kendall_tau(values.to_numpy(), losses)}
        if DEPTH in table:
            depths = table.loc[values.index, DEPTH].to_numpy()
            row["equal_depth"] = kendall_tau(values.to_numpy(), losses, depths)
        accuracy, pairs = pair_accuracy(values.to_numpy(), losses, sizes)
        rows[name] = {**row, "close_pairs": accuracy, "trainings": len(values), "pairs": pairs}
    found = pd.DataFrame.from_dict(rows, orient="index").rename_axis("score")
    return found.sort_values("tau", key=abs, ascending=False)
