"""What `weight_drop.py` found: rank correlations, what moves most, and two pictures.

Losses are validation losses after the last epoch, in nats per token.

    python experiments/weight_drop_report.py runs/weight_drop/trainings.csv --out runs/weight_drop
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from scipy.stats import kendalltau, spearmanr

from search_spaces.plotting import blank_figure
from search_spaces.rnn_cell.features.graph import structure
from search_spaces.rnn_cell.published import published_recipe

MODES = ("release", "trained")
COLOURS = {1: "#0072B2", 2: "#D55E00", 3: "#009E73"}
RESAMPLES = 2_000
MOVED = 5
LARGEST = 4.7
"""Larger losses are drawn here."""


def main(
    trainings: Annotated[Path, typer.Argument(help="The CSV that weight_drop.py wrote.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
) -> None:
    """Print the figures and draw the pictures."""
    rows = pd.read_csv(trainings)
    cells = first_seed(rows)
    print(by_states(cells).to_string(float_format="%.3f"), "\n")
    taus = correlations(rows, cells)
    print(taus.to_string(float_format="%.3f"), "\n")
    print(moves(cells).to_string(float_format="%.2f"), "\n")
    print(what_moves(cells).to_string(float_format="%.2f"))
    out.mkdir(parents=True, exist_ok=True)
    draw_losses(out / "weight_drop_losses.png", cells)
    draw_correlations(out / "weight_drop_taus.png", taus)


def first_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a cell: validation losses of seed 0 in both modes, NaN where a training failed."""
    first = rows[rows.seed == 0]
    losses = first.pivot_table(index="recipe_id", columns="weight_drop", values="val_loss")
    facts = first.groupby("recipe_id")[["hidden_states", "published_loss"]].first()
    return facts.join(losses)


def by_states(cells: pd.DataFrame) -> pd.DataFrame:
    """By number of hidden states: failed trainings, medians, share that training makes better."""
    both = cells.dropna()
    better = (both.trained < both.release).groupby(both.hidden_states).mean()
    groups = cells.groupby("hidden_states")
    table = groups.size().to_frame("cells")
    for mode in MODES:
        table[f"{mode}_failed"] = groups[mode].agg(lambda losses: int(losses.isna().sum()))
        table[f"{mode}_median"] = both.groupby("hidden_states")[mode].median()
    return table.assign(trained_is_better=better)


def correlations(rows: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Kendall's tau of each pair, over cells that both trained; 95 % intervals over cells."""
    pairs = {
        "release with trained": cells[["release", "trained"]],
        "release with published": cells[["release", "published_loss"]],
        "trained with published": cells[["trained", "published_loss"]],
    }
    for mode in MODES:
        runs = rows[rows.weight_drop == mode]
        seeds = runs.pivot_table(index="recipe_id", columns="seed", values="val_loss")
        for a, b in combinations(seeds.columns, 2):
            pairs[f"{mode}, seed {a} with {b}"] = seeds[[a, b]]
    return pd.DataFrame({name: _tau(both.dropna()) for name, both in pairs.items()}).T


def _tau(both: pd.DataFrame) -> dict[str, float]:
    a, b = both.to_numpy().T
    rng = np.random.default_rng(0)
    samples = rng.integers(len(both), size=(RESAMPLES, len(both)))
    drawn = [kendalltau(a[i], b[i]).statistic for i in samples]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return {"cells": len(both), "tau": kendalltau(a, b).statistic, "low": low, "high": high}


def with_ranks(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells that both modes trained; `change`: places lost (above 0) once matrices are trained."""
    both = cells.dropna().copy()
    both["change"] = both.trained.rank() - both.release.rank()
    return both


def moves(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells that lose and gain most places."""
    both = with_ranks(cells).sort_values("change")
    return pd.concat([both.head(MOVED), both.tail(MOVED)])


def what_moves(cells: pd.DataFrame) -> pd.DataFrame:
    """Spearman's correlation of places lost with facts of the cell's structure, largest first."""
    both = with_ranks(cells)
    facts = pd.DataFrame([structure(published_recipe(i)) for i in both.index], index=both.index)
    facts = facts.loc[:, facts.nunique() > 1].astype(float)
    found = {name: spearmanr(facts[name], both.change).statistic for name in facts}
    table = pd.DataFrame({"spearman": found})
    return table.reindex(table.spearman.abs().sort_values(ascending=False).index).head(12)


def draw_losses(path: Path, cells: pd.DataFrame) -> None:
    """Losses of the modes against each other, and of each against the published ones."""
    panels = (
        ("release", "trained"),
        ("published_loss", "release"),
        ("published_loss", "trained"),
    )
    labels = {
        "release": "validation loss, matrices as drawn",
        "trained": "validation loss, matrices trained",
        "published_loss": "published test loss",
    }
    figure = blank_figure(12, 4.2)
    for axes, (x, y) in zip(figure.subplots(1, 3), panels, strict=True):
        both = cells.dropna(subset=[x, y])
        both = both.assign(**{mode: both[mode].clip(upper=LARGEST) for mode in MODES})
        for states, colour in COLOURS.items():
            group = both[both.hidden_states == states]
            label = f"{states} hidden state{'s' if states > 1 else ''}"
            axes.scatter(group[x], group[y], 14, colour, alpha=0.7, label=label)
        axes.set(xlabel=labels[x], ylabel=labels[y])
        if x == "release":
            axes.axline((both[x].min(),) * 2, slope=1, color="#999999", linewidth=0.8)
            axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def draw_correlations(path: Path, taus: pd.DataFrame) -> None:
    """Kendall's tau of every pair with its interval."""
    figure = blank_figure(7, 0.35 * len(taus) + 1)
    axes = figure.subplots()
    places = np.arange(len(taus))[::-1]
    errors = [taus.tau - taus.low, taus.high - taus.tau]
    axes.errorbar(taus.tau, places, xerr=errors, fmt="o", color="#0072B2", capsize=3)
    axes.set_yticks(places, [f"{name} ({int(n)} cells)" for name, n in taus.cells.items()])
    axes.axvline(0, color="#999999", linewidth=0.8)
    axes.set_xlabel("Kendall's tau, 95 % interval over cells")
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#eeeeee")
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    typer.run(main)
