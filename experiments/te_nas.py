"""TE-NAS on small data: do its criteria agree over seeds, and is what it finds any good?

python experiments/te_nas.py --space textnas --out runs/te_nas-textnas

Searches with TE-NAS and with DARTS, trains what they find and random architectures from scratch,
with one training each, and prints the rank agreement of TE-NAS' criteria, the CPU time of the
searches, and the results of the trainings. Run it again to go on: finished searches and trainings
are in searches.csv and trainings.csv.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from experiment_tables import append_rows, read_rows
from scipy.stats import kendalltau

import nni_nlp_bench as nb
from nni_nlp_bench.cli.output import plain_table, print_tables
from nni_nlp_bench.core.output_dir import locked_output_dir
from nni_nlp_bench.training.settings import DROPOUTS
from search_spaces.base import SearchSpace
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.loading import read_architecture
from search_spaces.registry import get_space
from search_spaces.textnas.space import TextNasSpace

Row = dict[str, Any]
STRATEGIES = ("te_nas", "darts")


@dataclass(frozen=True)
class Setup:
    """Sizes of one space: seconds to minutes for each search and training."""

    space: SearchSpace[Any]
    data: str
    sizes: Mapping[str, int]
    """Of the supernet."""
    darts_epochs: int
    train: Callable[[Any, int], Row]
    """Trains an architecture with a seed."""
    metric: str


def train_sentences(space: str, architecture: Any, seed: int, **options: Any) -> Row:
    """Train a classifier of docstrings; higher is better."""
    curves = nb.train_classifier(
        architecture,
        "docstrings",
        space=space,
        seed=seed,
        epochs=10,
        batch_size=64,
        train_on="train+dev",  # the test part is read after that alone
        **options,
    )
    assert curves.test_accuracy is not None
    return {"parameters": curves.parameters, "metric": 100 * curves.test_accuracy}


def train_text(architecture: Any, seed: int) -> Row:
    """Train a language model of a small text; lower is better."""
    curves = nb.train_language_model(
        architecture,
        "pydoc-small",
        embedding=32,
        hidden=32,
        layers=1,
        epochs=10,
        seed=seed,
        weight_drop="trained",
        dropouts=DROPOUTS["none"],
        bptt=35,
        learning_rate=0.01,
    )
    best = int(np.nanargmin(curves.val_losses))
    parameters = architecture.num_parameters(32, 32)
    return {"parameters": parameters, "metric": float(np.exp(curves.test_losses[best]))}


SETUPS = {
    "textnas": Setup(
        TextNasSpace(layers=2),
        "docstrings",
        {"layers": 2, "width": 8, "max_length": 12},
        5,
        lambda arc, seed: train_sentences("textnas", arc, seed, width=16, max_length=12),
        "test accuracy, %",
    ),
    "emd_cell": Setup(
        get_space("emd_cell"),
        "docstrings",
        {"cells": 1, "width": 4, "max_length": 12},
        5,
        lambda cell, seed: train_sentences(
            "emd_cell", cell, seed, width=16, cells=1, max_length=12
        ),
        "test accuracy, %",
    ),
    "enas_cell": Setup(
        EnasCellSpace(nodes=4),
        "pydoc-small",
        {"nodes": 4, "width": 16},
        5,
        train_text,
        "test perplexity",
    ),
}


def main(
    space: Annotated[str, typer.Option(help="textnas, emd_cell or enas_cell.")],
    out: Annotated[Path, typer.Option(help="Folder of searches and trainings.")],
    seeds: Annotated[int, typer.Option(help="Searches of each strategy.")] = 3,
    random: Annotated[int, typer.Option(help="Random architectures.")] = 6,
) -> None:
    """Search, train, and print the tables."""
    setup = SETUPS[space]
    with locked_output_dir(out, {"space": space, **setup.sizes}, "an experiment"):
        found = search_all(setup, out, seeds)
        rng = np.random.default_rng(0)
        found |= {f"random {i}": setup.space.sample(rng) for i in range(random)}
        trained = train_all(setup, found, out / "trainings.csv")
    criteria = [read_rows(out / f"te_nas {seed}" / "pruning.csv") for seed in range(seeds)]
    print_agreement(criteria)
    print_results(setup, trained, read_rows(out / "searches.csv"))


def search_all(setup: Setup, out: Path, seeds: int) -> dict[str, Any]:
    """Run the searches that are missing; return what all of them found."""
    done = {row["name"] for row in read_rows(out / "searches.csv")}
    found = {}
    for strategy in STRATEGIES:
        options: dict[str, Any] = dict(setup.sizes) | (
            {"epochs": setup.darts_epochs} if strategy == "darts" else {}
        )
        for seed in range(seeds):
            name = f"{strategy} {seed}"
            if name not in done:
                start = time.process_time()
                nb.one_shot_search(
                    setup.space.name,
                    strategy,
                    data=setup.data,
                    seed=seed,
                    out=out / name,
                    **options,
                )
                seconds = round(time.process_time() - start, 1)
                row = {"name": name, "cpu_seconds": seconds}
                append_rows(out / "searches.csv", list(row), [row])
            found[name] = read_architecture(setup.space, str(out / name / "best.json"))
    return found


def train_all(setup: Setup, found: Mapping[str, Any], file: Path) -> list[Row]:
    """Train what is missing in a file; return the rows of all."""
    done = {row["name"] for row in read_rows(file)}
    for seed, (name, architecture) in enumerate(found.items()):
        if name not in done:
            row = {"name": name, **setup.train(architecture, seed)}
            append_rows(file, list(row), [row])
    return [row for row in read_rows(file) if row["name"] in found]


def print_agreement(criteria: list[list[Row]]) -> None:
    """Print how the criteria of the first round agree between seeds, and what is chosen alike."""
    rows = []
    for title, column in (
        ("kernel", "ntk_drop"),
        ("regions", "regions_drop"),
        ("sum of ranks", "rank_sum"),
    ):
        drops = [[float(r[column]) for r in rows if r["round"] == "0"] for rows in criteria]
        taus = [kendalltau(a, b).statistic for a, b in combinations(drops, 2)]
        rows.append([title, f"{np.mean(taus):.2f}", ", ".join(f"{tau:.2f}" for tau in taus)])
    print_tables(plain_table("agreement over seeds", ("criterion", "mean tau", "pairs"), rows))
    kept = [survivors(rows) for rows in criteria]
    shares = [np.mean([a[label] == b[label] for label in a]) for a, b in combinations(kept, 2)]
    values = [len({r["value"] for r in criteria[0] if r["choice"] == label}) for label in kept[0]]
    chance = np.mean([1 / count for count in values])
    print(f"equal final values of a choice: {np.mean(shares):.0%} (by chance {chance:.0%})")


def survivors(rows: list[Row]) -> dict[str, str]:
    """Return the value of each choice that was left when only one was."""
    values: dict[str, set[str]] = {}
    for row in rows:
        values.setdefault(row["choice"], set()).add(row["value"])
    for row in rows:
        if row["pruned"] == "True" and len(values[row["choice"]]) > 1:
            values[row["choice"]].discard(row["value"])
    return {choice: left.pop() for choice, left in values.items()}


def print_results(setup: Setup, trained: list[Row], searches: list[Row]) -> None:
    """Print mean, deviation and parameters of what was found, and the minutes of the searches."""
    rows = []
    for kind in (*STRATEGIES, "random"):
        own = [row for row in trained if row["name"].startswith(kind)]
        values = np.array([float(row["metric"]) for row in own])
        each = ", ".join(f"{value:.1f}" for value in values)
        parameters = np.mean([int(row["parameters"]) for row in own])
        seconds = [float(r["cpu_seconds"]) for r in searches if r["name"].startswith(kind)]
        minutes = f"{np.mean(seconds) / 60:.1f}" if seconds else ""
        mean = f"{values.mean():.1f} ± {values.std(ddof=1):.1f}"
        rows.append([kind, minutes, f"{parameters:,.0f}", mean, each])
    columns = ("found by", "CPU minutes", "mean parameters", setup.metric, "each")
    print_tables(plain_table(None, columns, rows))


if __name__ == "__main__":
    typer.run(main)
