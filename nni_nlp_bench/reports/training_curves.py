"""Plot the learning curves of one training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nni_nlp_bench.training.log import Curves
from search_spaces.plotting import blank_figure, save_plot

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.run import ClassifierCurves

_SPLITS = (
    ("train_losses", "train", "#0072B2", ":"),
    ("val_losses", "validation", "#D55E00", "-"),
    ("test_losses", "test", "#009E73", "--"),
)


def draw_training(path: Path, curves: Curves, title: str) -> None:
    """Plot train, validation and test perplexity (evaluated without dropout); lower is better."""
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    figure = blank_figure(6.4, 4)
    axes = figure.subplots()
    epochs = np.arange(1, curves.epochs + 1)
    for name, label, colour, style in _SPLITS:
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
    save_plot(figure, path)


def draw_classifier(path: Path, curves: ClassifierCurves, title: str) -> None:
    """Plot train and dev loss (lower is better), and accuracy (higher is better)."""
    from matplotlib.ticker import MaxNLocator

    figure = blank_figure(8, 3.6)
    losses, accuracies = figure.subplots(1, 2)
    epochs = np.arange(1, curves.epochs + 1)
    losses.plot(epochs, curves.train_losses, ":", color="#0072B2", marker=".", label="train")
    if curves.dev_losses:
        losses.plot(epochs, curves.dev_losses, color="#D55E00", marker=".", label="dev")
        percent = 100 * np.array(curves.dev_accuracies)
        accuracies.plot(epochs, percent, color="#D55E00", marker=".", label="dev")
    if curves.test_accuracy is not None:
        accuracies.plot(
            epochs[-1:], [100 * curves.test_accuracy], "D", color="#009E73", label="test"
        )
    losses.set(xlabel="epoch", ylabel="loss (nats per sentence)")
    accuracies.set(xlabel="epoch", ylabel="accuracy (%)")
    for axes in (losses, accuracies):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(color="#dddddd", axis="y")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.suptitle(title if curves.status == "OK" else f"{title}: {curves.status}", fontsize=11)
    save_plot(figure, path)
