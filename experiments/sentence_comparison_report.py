"""Report of sentence_comparison.py: table, tests and picture of test accuracies.

    python experiments/sentence_comparison_report.py runs/trec runs/reviews --out reports/sentences

Each folder is one of sentence_comparison.py, and gives NAME.md and NAME.png, NAME being that of the
folder, with the tables of searches and trainings beside them.
"""

from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from experiment_tables import markdown

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.reports.statistics import ALPHA, holm
from search_spaces.plotting import blank_figure, save_plot

TRAININGS, SEARCHES = "trainings.csv", "searches.csv"
NOTE = """Accuracy on the test set in percent, mean and standard deviation over the
trainings of all searches. The last column is the number of rows that a row is better than (Welch's
t-test with Holm's correction over all pairs, 5 %)."""


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders of sentence_comparison.py.")],
    out: Annotated[Path, typer.Option(help="Folder of the reports.")],
) -> None:
    """Write the reports of finished or unfinished comparisons."""
    out.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        write_report(folder, out, folder.name)
        for name in (TRAININGS, SEARCHES):
            if (folder / name).exists():
                shutil.copyfile(folder / name, out / f"{folder.name}_{name}")


def write_report(folder: Path, out: Path | None = None, name: str = "accuracy") -> None:
    """Write NAME.md and NAME.png, and print the table.

    Args:
        folder: Folder of sentence_comparison.py.
        out: Folder of the report; None for the same.
        name: Name of the files.
    """
    out = out or folder
    rows = labelled(pd.read_csv(folder / TRAININGS))
    searches = folder / SEARCHES
    table = markdown(summary(rows, pd.read_csv(searches) if searches.exists() else None))
    with atomic_write(out / f"{name}.md") as path:
        path.write_text(f"{NOTE}\n\n![Test accuracies]({name}.png)\n\n{table}\n", "utf-8")
    print(table)
    plot(rows, out / f"{name}.png")


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the name of the row of the table, and the accuracy in percent."""
    loss = rows["kd_loss"].map(lambda name: "" if name == "none" else f", {name}")
    return rows.assign(label=rows["method"] + loss, accuracy=100 * rows["test_accuracy"])


def summary(rows: pd.DataFrame, searches: pd.DataFrame | None) -> pd.DataFrame:
    """Return a row per method and distillation loss, the best first."""
    better = significantly_better(rows)
    minutes = {}
    if searches is not None:
        minutes = (searches.groupby("method")["cpu_s"].mean() / 60).to_dict()
    lines = []
    for label, own in rows.groupby("label"):
        searched = minutes.get(own["method"].iloc[0])
        deviation = own["accuracy"].std(ddof=1) if len(own) > 1 else np.nan
        line = {
            "method": label,
            "test accuracy, %": f"{own['accuracy'].mean():.2f} ± {deviation:.2f}",
            "searches": own["seed"].nunique() if searched is not None else "",
            "trainings": len(own),
            "parameters": f"{own['parameters'].mean():,.0f}",
            "search, CPU min": "" if searched is None else f"{searched:.1f}",
            "training, CPU s": f"{own['cpu_s'].mean():.0f}",
            "better than": better[str(label)],
        }
        lines.append((own["accuracy"].mean(), line))
    return pd.DataFrame([line for _, line in sorted(lines, key=lambda pair: -pair[0])])


def significantly_better(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many rows of the table each one is better than."""
    from scipy.stats import ttest_ind

    values = {str(label): own["accuracy"].to_numpy() for label, own in rows.groupby("label")}
    tested = [
        (a, b)
        for a, b in combinations(values, 2)
        if min(len(values[a]), len(values[b])) > 1 and np.ptp(values[a]) + np.ptp(values[b]) > 0
    ]
    p_values = [ttest_ind(values[a], values[b], equal_var=False).pvalue for a, b in tested]
    wins = dict.fromkeys(values, 0)
    for (a, b), adjusted in zip(tested, holm(np.nan_to_num(p_values, nan=1.0)), strict=True):
        if adjusted < ALPHA:
            wins[a if values[a].mean() > values[b].mean() else b] += 1
    return wins


def plot(rows: pd.DataFrame, path: Path) -> None:
    """Draw every accuracy and the means, the best method on top."""
    means = rows.groupby("label")["accuracy"].mean().sort_values()
    figure = blank_figure(7, 1 + 0.28 * len(means))
    axes = figure.add_subplot()
    for height, label in enumerate(means.index):
        values = rows.loc[rows["label"] == label, "accuracy"]
        axes.plot(values, [height] * len(values), "o", color="#4477aa", alpha=0.5, markersize=5)
        axes.plot([means[label]], [height], "|", color="black", markersize=14)
    axes.set_yticks(range(len(means)), list(means.index))
    axes.set_xlabel("test accuracy, %")
    axes.grid(axis="x", alpha=0.3)
    save_plot(figure, path)


if __name__ == "__main__":
    typer.run(main)
