"""Rates of the table beside NNI's own query function on the same results, and its size on disk.

    python tests/performance/bench_table.py

Prints one line a measurement. The ratios are from one run and one machine; the recipes are
published ones, the losses random.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.exporters import export_nni_db
from nni_nlp_bench.benchmarks.nni_architecture import flat_architecture
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from search_spaces.base import Architecture
from search_spaces.rnn_cell import Recipe, published_recipe
from search_spaces.rnn_cell.published import first_ids

EPOCHS = 50
RELEASE_RUNS = 14_322


@dataclass(frozen=True)
class Named:
    """An architecture of a given key: a large table needs more keys than published cells."""

    canonical_key: str
    text: str

    def to_json(self) -> str:
        return self.text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architectures", type=int, default=1000, help="in the small table")
    parser.add_argument("--seconds", type=float, default=2.0, help="spent on each rate")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    recipes = [published_recipe(i) for i in first_ids()[: options.architectures]]
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), recipes, rng, options.seconds)
        measure_load(Path(folder), recipes[-1].to_json(), rng)


def compare(
    folder: Path, recipes: Sequence[Recipe], rng: np.random.Generator, seconds: float
) -> None:
    """Rates of final values, curves and keys."""
    runs = list(random_runs(recipes, rng))
    Table.from_runs(runs, name="small", space="rnn_cell", epochs=EPOCHS).save(folder / "small")
    table = Table.load(folder / "small")
    cells: Sequence[Recipe] = table.architectures()
    export_nni_db(table, folder / "nlp.db")
    os.environ["NASBENCHMARK_DIR"] = str(folder)  # NNI reads it when it is imported
    from nni.nas.benchmark.nlp import query_nlp_trial_stats

    flat = {recipe: flat_architecture(recipe) for recipe in cells}

    def nni(recipe: Recipe, curve: bool = False) -> dict[str, Any]:
        found = query_nlp_trial_stats(flat[recipe], "ptb", include_intermediates=curve)
        trial: dict[str, Any] = next(iter(found))
        return trial

    for recipe in cells[:10]:
        assert nni(recipe)["test_loss"] == table.query(recipe).test_loss, "the answers differ"
    finals = rate(nni, cells, seconds), rate(table.query, cells, seconds)
    curves = (
        rate(lambda recipe: nni(recipe, curve=True), cells, seconds),
        rate(table.curve, cells, seconds),
    )
    for what, (theirs, ours) in (("final values", finals), ("curves", curves)):
        print(f"{what}: NNI {theirs:,.0f}/s, table {ours:,.0f}/s, ratio {ours / theirs:,.0f}")
    fresh = [Recipe(recipe.nodes) for recipe in recipes]
    start = time.perf_counter()
    keys = {recipe.canonical_key for recipe in fresh}
    cold = len(fresh) / (time.perf_counter() - start)
    print(f"canonical keys, not cached: {cold:,.0f}/s ({len(fresh)} recipes, {len(keys)} cells)")


def measure_load(folder: Path, text: str, rng: np.random.Generator) -> None:
    """Time to load a table as large as the release, and its size."""
    named = [Named(rng.bytes(16).hex(), text) for _ in range(RELEASE_RUNS)]
    path = folder / "large"
    runs = random_runs(named, rng)
    Table.from_runs(runs, name="large", space="rnn_cell", epochs=EPOCHS).save(path)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        Table.load(path)
        times.append(time.perf_counter() - start)
    size = sum(file.stat().st_size for file in path.iterdir())
    print(
        f"table of {RELEASE_RUNS:,} x {EPOCHS}: load {1000 * times[0]:.1f} ms at first, "
        f"{1000 * min(times):.1f} ms at best, {size / 1e6:.1f} MB"
    )


def random_runs(
    architectures: Sequence[Architecture], rng: np.random.Generator
) -> Iterator[TrainingRun]:
    """One run of random values for each architecture."""
    for i, architecture in enumerate(architectures):
        values = rng.uniform(1, 9, (4, EPOCHS))
        yield TrainingRun(
            architecture=architecture,
            name=f"run {i:06d}",
            train_loss=values[0],
            val_loss=values[1],
            test_loss=values[2],
            wall_time_s=values[3],
            dataset="ptb",
        )


def rate(ask: Callable[[Recipe], object], recipes: Sequence[Recipe], seconds: float) -> float:
    """Calls a second, over all recipes again and again."""
    count = 0
    start = time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for recipe in recipes[count % len(recipes) :][:50]:
            ask(recipe)
            count += 1
    return count / passed


if __name__ == "__main__":
    main()
