"""Plot a study: mean regret of every method against cost, with the interval of the mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.reports.regret_curves import style_of, tidy
from nni_nlp_bench.reports.statistics import CONFIDENCE, FEWEST_FOR_INTERVAL, intervals_of_means
from nni_nlp_bench.strategies.study import Cost
from search_spaces.files import whole_file
from search_spaces.pictures import blank_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
POINTS = 150
_MARKED = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Parts of the budget with a mark; the axis begins at the first."""


def costs_drawn(cost: Cost) -> Array:
    """From a fiftieth of the budget to all of it, as far apart on a logarithmic axis."""
    return np.asarray(cost.limit * np.geomspace(_MARKED[0], 1.0, POINTS))


def draw_study(path: Path, tables: Mapping[str, Array], cost: Cost, title: str) -> None:
    """`tables` holds regrets in nats per token of every method, seeds x `costs_drawn`."""
    import matplotlib as mpl

    figure = blank_figure(9, 5)
    with mpl.rc_context({"grid.color": "#dddddd"}):
        axes = figure.subplots()
        for i, (name, table) in enumerate(tables.items()):
            _draw_method(axes, costs_drawn(cost), table, name, style_of(i))
        axes.set(xlabel=cost.unit, ylabel="regret (nats per token)")
        axes.set_ylim(bottom=0)
        _mark_costs(axes, cost)
        tidy(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False)
    seeds = max(len(table) for table in tables.values())
    band = f"mean over {seeds} seeds and its {100 * CONFIDENCE:.0f} % interval"
    figure.suptitle(f"{title}\n{band}", fontsize=11)
    with whole_file(path) as new:
        figure.savefig(new, dpi=130)


def _draw_method(axes: Axes, at: Array, table: Array, name: str, style: tuple[str, str]) -> None:
    """From where every seed has found something."""
    colour, line = style
    known = ~np.isnan(table).any(axis=0)
    at, table = at[known], table[:, known]
    axes.step(at, table.mean(axis=0), line, where="post", label=name, color=colour, linewidth=1.8)
    if known.any() and len(table) >= FEWEST_FOR_INTERVAL:
        low, high = intervals_of_means(table)
        axes.fill_between(at, low, high, step="post", color=colour, alpha=0.13, linewidth=0)


def _mark_costs(axes: Axes, cost: Cost) -> None:
    """A logarithmic axis with few, round marks."""
    from matplotlib.ticker import NullLocator, ScalarFormatter

    axes.set_xscale("log")
    axes.set_xticks([round(cost.limit * share, int(cost.limit < 100)) for share in _MARKED])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
