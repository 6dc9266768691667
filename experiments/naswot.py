"""Search without training on tables of results: NASWOT and AREA beside random search and evolution.

python experiments/naswot.py --benchmark FOLDER_OR_NAME --seeds 50

Prints, for the best of 1, 10, 100 and 1,000 random architectures by the space's default zero-cost
score, how long the scoring takes and the regret of that one training; then the mean regret of each
strategy after more trainings. Searches are restricted to the table, so that candidates are distinct
and never more than it holds. A failed training counts as a uniform guess.
"""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import typer

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import Benchmark, lowest_loss_of
from nni_nlp_bench.cli.output import plain_table, print_tables

CANDIDATES = (1, 10, 100, 1000)
STRATEGIES = ("random", "regularized_evolution", "naswot", "area")
STEPS = (1, 10, 25, 50, 100)


def main(
    benchmark: Annotated[str, typer.Option(help="Name or folder of a table.")],
    seeds: Annotated[int, typer.Option(help="Searches of each kind.")] = 50,
) -> None:
    """Print both tables."""
    table = nb.load(benchmark)
    lowest = lowest_loss_of(table)
    rows = []
    for count in CANDIDATES:
        found = [first_proposal(table, count, seed) for seed in range(seeds)]
        regrets = np.array([loss for loss, _ in found]) - lowest
        seconds = np.mean([taken for _, taken in found])
        rows.append(
            [str(count), f"{seconds:.3f}", with_error(regrets), f"{np.median(regrets):.3f}"]
        )
    columns = ["candidates", "seconds", "mean regret", "median regret"]
    print_tables(plain_table(f"{table.name}: the first proposal, {seeds} seeds", columns, rows))
    rows = [[name, *mean_regrets(table, name, seeds, lowest)] for name in STRATEGIES]
    columns = ["strategy", *(f"after {step}" for step in STEPS)]
    print_tables(plain_table(f"{table.name}: mean regret, {seeds} seeds", columns, rows))


def first_proposal(table: Benchmark, candidates: int, seed: int) -> tuple[float, float]:
    """Return the loss of the best of so many candidates, and the seconds of the whole search."""
    start = time.perf_counter()
    options = {"candidates": candidates}
    result = nb.search(table, ("naswot", options), n_trials=1, seed=seed, restrict=True)
    return -result.trials[0].score, time.perf_counter() - start


def mean_regrets(table: Benchmark, strategy: str, seeds: int, lowest: float) -> list[str]:
    """Return the mean regret of a strategy after each of `STEPS`."""
    curves = []
    for seed in range(seeds):
        result = nb.search(table, strategy, n_trials=STEPS[-1], seed=seed, restrict=True)
        losses = np.array([-trial.score for trial in result.trials])
        curves.append(np.minimum.accumulate(losses)[np.array(STEPS) - 1] - lowest)
    return [with_error(regrets) for regrets in np.transpose(curves)]


def with_error(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """Return the mean and its standard error."""
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


if __name__ == "__main__":
    typer.run(main)
