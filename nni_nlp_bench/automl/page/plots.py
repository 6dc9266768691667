"""Plots of a report as inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nni_nlp_bench.automl.scores import Kind, Score
from nni_nlp_bench.core.numbers import short_number
from nni_nlp_bench.reports.page.inline_svg import GRID, INK, inline_svg, page_style
from nni_nlp_bench.reports.regret_curves import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS: tuple[Kind, ...] = ("baseline", "encoder", "search")
_MARKERS = {"baseline": "o", "encoder": "s", "search": "^"}
_LABEL_SPACE = 2.0
"""Room for the names right of the points, as a factor of the costs."""


def accuracy_against_costs(scores: Sequence[Score]) -> tuple[str, str]:
    """Return plots of the dev accuracy against parameters and against latency."""
    return (
        _scatter("size", scores, lambda s: s.parameters, "parameters, with word embedding"),
        _scatter("time", scores, lambda s: s.latency_ms, "milliseconds per text"),
    )


def _scatter(name: str, scores: Sequence[Score], cost: Callable[[Score], float], label: str) -> str:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    with page_style():
        figure = Figure(figsize=(5.6, 3.8), layout="constrained")
        axes = figure.subplots()
        for i, kind in enumerate(_KINDS):
            own = [score for score in scores if score.kind == kind]
            axes.plot(
                [cost(score) for score in own],
                [100 * score.accuracy for score in own],
                _MARKERS[kind],
                color=COLORS[i],
                markersize=8,
                label=kind,
            )
        _name_points(axes, scores, cost)
        axes.set(xscale="log", xlabel=label, ylabel="dev accuracy (%)")
        low, high = axes.get_xlim()
        axes.set_xlim(low, high * _LABEL_SPACE)
        axes.grid(alpha=0.5)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=9)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        best = max(scores, key=lambda score: score.accuracy)
        highest = f"{100 * best.accuracy:.1f} % of {best.name}"
        return inline_svg(figure, name, f"Dev accuracy against {label}; the highest is {highest}")


def _name_points(axes: Axes, scores: Sequence[Score], cost: Callable[[Score], float]) -> None:
    for score in scores:
        axes.annotate(
            score.name.replace("_", " "),
            (cost(score), 100 * score.accuracy),
            xytext=(7, 3),
            textcoords="offset points",
            fontsize=9,
            color=INK,
        )


def confusion_matrix(labels: Sequence[str], confusion: Any) -> str:
    """Return the confusion matrix as a heat map of the shares per true label."""
    from matplotlib.figure import Figure

    totals = np.maximum(1, confusion.sum(1, keepdims=True))
    size = min(2.4 + 0.55 * len(labels), 9.0)
    with page_style():
        figure = Figure(figsize=(size + 1, size), layout="constrained")
        axes = figure.subplots()
        places = range(len(labels))
        for row in places:
            for column in places:
                share = confusion[row, column] / totals[row, 0]
                axes.scatter(column, row, s=900 * share, color=COLORS[0], alpha=0.35, linewidths=0)
                axes.text(
                    column, row, str(confusion[row, column]), ha="center", va="center", fontsize=9
                )
        names = [label[:24] for label in labels]
        axes.set_xticks(places, names, rotation=40, ha="right", fontsize=9)
        axes.set_yticks(places, names, fontsize=9)
        axes.set(xlabel="predicted label", ylabel="true label")
        axes.set_xlim(-0.6, len(labels) - 0.4)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.tick_params(length=0)
        axes.grid(color=GRID, alpha=0.3)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return inline_svg(figure, "confusion", "Number of test texts by true and predicted label")
