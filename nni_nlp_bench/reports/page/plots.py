"""Plots of a report as inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING

from nni_nlp_bench.reports.front_plot import Fronts, draw_found, draw_other_view
from nni_nlp_bench.reports.hypervolume import ReferenceFront
from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.page.critical_difference import critical_difference, groups
from nni_nlp_bench.reports.page.inline_svg import GRID, INK, inline_svg, page_style
from nni_nlp_bench.reports.regret_curves import (
    COLORS,
    Curves,
    draw_against_evaluations,
    draw_against_hours,
    style_of,
)
from nni_nlp_bench.reports.statistics import Friedman

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCHES = (5.2, 3.5)
_ROW_INCHES = 0.3
_GROUP_ROWS = 0.45
_LINE_INCHES = 0.17
_LABEL_CHARACTERS, _LABEL_LINES = 22, 3
_RULER = -1.5
"""Vertical position of the critical-difference bar, in rows above the axis of ranks."""


def regret_by_evaluations(name: str, curves: Curves, reference: Reference) -> str:
    """Return a plot of regret against evaluations."""
    description = "Line chart: mean regret of every strategy against evaluations"
    return _render(
        name, description, _INCHES, lambda axes: draw_against_evaluations(axes, curves, reference)
    )


def regret_by_hours(name: str, curves: Curves, reference: Reference) -> str | None:
    """Return a plot of regret against simulated hours; None if no hours are known."""
    timed = any(searches and all(curve.timed for curve in searches) for searches in curves.values())
    if not timed:
        return None
    description = "Line chart: mean regret of every strategy against simulated hours"
    return _render(
        name, description, _INCHES, lambda axes: draw_against_hours(axes, curves, reference)
    )


def found(name: str, fronts: Fronts, reference: ReferenceFront) -> str:
    """Return a plot of the front that each strategy found."""
    description = "Scatter plot: front of all searches of every strategy, and the reference front"
    return _render(
        name, description, _INCHES, lambda axes: draw_found(axes, fronts, reference, INK)
    )


def other_view(name: str, fronts: Fronts, reference: ReferenceFront) -> str:
    """Return a plot of attainment curves, or of the third objective."""
    description = "Line chart: median attainment curve of every strategy"
    if len(reference.low) > 2:
        description = "Scatter plot: fronts of every strategy in the first and third objective"
    return _render(
        name, description, _INCHES, lambda axes: draw_other_view(axes, fronts, reference, INK)
    )


def ranks(name: str, test: Friedman) -> str:
    """Return a critical-difference diagram (Demsar, 2006).

    Bars connect strategies that do not differ significantly.
    """
    difference = critical_difference(len(test.mean_ranks), test.seeds)
    connected = groups(test.mean_ranks, difference)
    labels = {name: _wrap(name) for name in test.mean_ranks}
    lines = max(label.count("\n") + 1 for label in labels.values())
    rows = len(test.mean_ranks) + _GROUP_ROWS * len(connected)
    listing = ", ".join(f"{name} {rank:.2f}" for name, rank in test.mean_ranks.items())
    description = f"Mean ranks: {listing}. Critical difference: {difference:.2f}"
    return _render(
        name,
        description,
        (_INCHES[0], 1.2 + (_ROW_INCHES + _LINE_INCHES * (lines - 1)) * rows),
        lambda axes: _draw_ranks(axes, test.mean_ranks, difference, connected, labels),
    )


def swatch(position: int) -> str:
    """Return a legend line in the style of the strategy at a position."""
    line = style_of(position)[1]
    dashes = {"-": "", "--": "7 4", "-.": "9 3 2 3", ":": "2 3"}[line]
    return (
        '<svg class="swatch" viewBox="0 0 28 8" aria-hidden="true"><line x1="1" x2="27" y1="4" '
        f'y2="4" stroke="var(--series-{position % len(COLORS)})" stroke-width="3" '
        f'stroke-dasharray="{dashes}"/></svg>'
    )


def _render(
    name: str, description: str, inches: tuple[float, float], draw: Callable[[Axes], None]
) -> str:
    from matplotlib.figure import Figure

    with page_style():
        figure = Figure(figsize=inches, layout="constrained")
        draw(figure.subplots())
        return inline_svg(figure, name, description)


def _wrap(name: str) -> str:
    """Wrap and truncate a label; the table has the full names."""
    parts = name.replace(":", ": ") if len(name) > _LABEL_CHARACTERS else name
    return "\n".join(wrap(parts, _LABEL_CHARACTERS, max_lines=_LABEL_LINES, placeholder=" …"))


def _draw_ranks(
    axes: Axes,
    mean_ranks: Mapping[str, float],
    difference: float,
    connected: list[tuple[str, ...]],
    labels: Mapping[str, str],
) -> None:
    order = sorted(mean_ranks, key=lambda name: mean_ranks[name])
    first = len(connected) * _GROUP_ROWS + 0.6
    for row, name in enumerate(order):
        rank = mean_ranks[name]
        axes.plot([rank, rank], [0, first + row], color=GRID, linewidth=1)
        axes.plot(rank, first + row, "o", color=INK, markersize=6)
    for row, group in enumerate(connected):
        low, high = mean_ranks[group[0]], mean_ranks[group[-1]]
        height = (row + 1) * _GROUP_ROWS
        axes.plot([low - 0.03, high + 0.03], [height] * 2, color=INK, linewidth=4)
    axes.plot([1, 1 + difference], [_RULER] * 2, "|-", color=INK, linewidth=1.5, clip_on=False)
    axes.text(1, _RULER - 0.35, f"critical difference {difference:.2f}")
    axes.set_ylim(first + len(order) - 0.4, _RULER - 1.1)
    axes.set_xlim(0.9, len(order) + 0.1)
    axes.set_xticks(range(1, len(order) + 1))
    axes.set_yticks([first + row for row in range(len(order))], [labels[n] for n in order])
    axes.tick_params(axis="y", length=0)
    axes.spines[["left", "right", "bottom"]].set_visible(False)
    axes.spines["top"].set_position(("data", 0))
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", direction="out")
