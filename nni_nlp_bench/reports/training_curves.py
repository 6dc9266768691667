"""Plot one training: perplexity after every epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nni_nlp_bench.training.log import Curves
from search_spaces.files import whole_file
from search_spaces.pictures import blank_figure

_PARTS = (
    ("train_losses", "training text", "#0072B2", ":"),
    ("val_losses", "validation text", "#D55E00", "-"),
    ("test_losses", "test text", "#009E73", "--"),
)


def draw_training(path: Path, curves: Curves, title: str) -> None:
    """Perplexity without dropout on the three parts of the text; lower is better."""
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    figure = blank_figure(6.4, 4)
    axes = figure.subplots()
    epochs = np.arange(1, curves.epochs + 1)
    for name, label, colour, style in _PARTS:
        axes.plot(
            epochs, np.exp(getattr(curves, name)), style, color=colour, label=label, marker="."
        )
    axes.set(xlabel="epoch", ylabel="perplexity", yscale="log")
    axes.set_title(title if curves.status == "OK" else f"{title}: {curves.status}", fontsize=11)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        formatter(ScalarFormatter())
    axes.grid(color="#dddddd", which="both", axis="y")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    with whole_file(path) as new:
        figure.savefig(new, dpi=130)
