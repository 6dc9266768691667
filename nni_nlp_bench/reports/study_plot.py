"""Plot a study: mean regret of every method against cost, with its confidence interval."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.page.formatting import format_count
from nni_nlp_bench.reports.regret_curves import style_axes, style_of
from nni_nlp_bench.reports.statistics import CONFIDENCE, MIN_FOR_INTERVAL, intervals_of_means
from nni_nlp_bench.reports.study import SHARES, cost_text
from nni_nlp_bench.strategies.equal_cost import Cost
from nni_nlp_bench.strategies.study import Study
from search_spaces.plotting import blank_figure, save_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
_MIN_SHARE = 0.1
"""Fraction of the budget at which the axis starts: earlier regrets are many times larger."""
_POINTS = 181


def plotted_costs(cost: Cost) -> Array:
    """Return the costs to plot, from a tenth of the budget to all of it."""
    return np.asarray(cost.limit * np.linspace(_MIN_SHARE, 1.0, _POINTS))


def draw_study(
    path: Path, tables: Mapping[str, Array], study: Study, reference: Reference, title: str
) -> None:
    """Plot the regret of every method against cost.

    The colour of a method depends on its position among all requested methods, so it is the same in
    studies that leave out different ones.

    Args:
        path: File to write.
        tables: Regrets by method, each of shape (seeds, plotted costs).
        study: Study that was run.
        reference: Loss that regret is measured from.
        title: First line of the title.
    """
    import matplotlib as mpl

    cost, figure = study.cost, blank_figure(9, 5)
    with mpl.rc_context({"grid.color": "#dddddd"}):
        axes = figure.subplots()
        for name, table in tables.items():
            _draw_method(axes, plotted_costs(cost), table, name, style_of(study.names.index(name)))
        axes.set(xlabel=cost.unit, ylabel=f"regret ({reference.unit.of_regret})")
        axes.set_ylim(bottom=0)
        marks = [cost.limit * share for share in (_MIN_SHARE, *SHARES)]
        axes.set_xticks(marks, [cost_text(mark) for mark in marks])
        style_axes(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False)
    seeds = format_count(len(study.comparison.seeds), "seed")
    band = f"mean over {seeds} and {100 * CONFIDENCE:.0f} % confidence interval"
    figure.suptitle(f"{title}\nregret from {reference}; {band}", fontsize=11)
    save_plot(figure, path)


def _draw_method(axes: Axes, at: Array, table: Array, name: str, style: tuple[str, str]) -> None:
    """Plot one method from the cost at which every seed has an incumbent."""
    colour, line = style
    known = ~np.isnan(table).any(axis=0)
    at, table = at[known], table[:, known]
    axes.step(at, table.mean(axis=0), line, where="post", label=name, color=colour, linewidth=1.8)
    if known.any() and len(table) >= MIN_FOR_INTERVAL:
        low, high = intervals_of_means(table)
        axes.fill_between(at, low, high, step="post", color=colour, alpha=0.13, linewidth=0)
