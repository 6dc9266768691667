"""Plot fronts of strategies: what they found, and median attainment curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.reports.hypervolume import Points, ReferenceFront, SearchFront, front_of
from nni_nlp_bench.reports.regret_curves import style_axes, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

Fronts = Mapping[str, Sequence[SearchFront]]
"""Fronts of the searches by strategy."""
Array = NDArray[np.float64]
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
QUARTILES = (25, 50, 75)
_GRID = 400


def draw_found(axes: Axes, fronts: Fronts, reference: ReferenceFront, ink: str = "black") -> None:
    """Plot the reference front, and the joint front of all searches of each strategy.

    The first objective is vertical, the second horizontal.
    """
    _draw_pair(axes, fronts, reference, horizontal=1, ink=ink)


def draw_other_view(
    axes: Axes, fronts: Fronts, reference: ReferenceFront, ink: str = "black"
) -> None:
    """Plot the median attainment curves of two objectives, or the third one against the first."""
    if len(reference.low) == 2:
        draw_attainment(axes, fronts, reference, ink)
    else:
        _draw_pair(axes, fronts, reference, horizontal=2, ink=ink)


def draw_attainment(
    axes: Axes, fronts: Fronts, reference: ReferenceFront, ink: str = "black"
) -> None:
    """Plot median attainment curves of two objectives, with the range of the middle half.

    Half of the searches of a strategy found something at or below its curve (Fonseca and Fleming,
    1996).
    """
    objectives = _objectives(fronts)
    grid = np.linspace(reference.low[1], reference.high[1], _GRID)
    x = _values(objectives[1], grid)
    for i, (name, searches) in enumerate(fronts.items()):
        colour, line = style_of(i)
        low, middle, high = attainment(searches, grid)
        axes.step(
            x, _values(objectives[0], middle), color=colour, ls=line, label=name, where="post"
        )
        bounds = _values(objectives[0], low), _values(objectives[0], high)
        axes.fill_between(x, *bounds, step="post", color=colour, alpha=0.12, linewidth=0)
    _draw_reference(axes, objectives, reference, 1, ink)
    axes.set_title("median attainment, and middle half of the searches", fontsize=10)
    _label(axes, objectives[1], objectives[0])


def attainment(searches: Sequence[SearchFront], grid: Array) -> Array:
    """Return quartiles over searches of the best first loss at each bound on the second.

    Args:
        searches: Searches with two objectives.
        grid: Bounds on the loss of the second objective (bounds,).

    Returns:
        Losses (3, bounds) of the quartiles, NaN where a search found nothing.
    """
    best = np.full((len(searches), len(grid)), np.inf)
    for row, search in zip(best, searches, strict=True):
        for first, second in search.front:
            row[grid >= second] = np.minimum(row[grid >= second], first)
    found = np.percentile(best, QUARTILES, axis=0, method="inverted_cdf")
    return np.asarray(np.where(np.isfinite(found), found, np.nan))


def _draw_pair(
    axes: Axes, fronts: Fronts, reference: ReferenceFront, horizontal: int, ink: str
) -> None:
    objectives = _objectives(fronts)
    _draw_reference(axes, objectives, reference, horizontal, ink)
    for i, (name, searches) in enumerate(fronts.items()):
        joint = front_of(np.concatenate([search.losses for search in searches]))
        axes.plot(
            _values(objectives[horizontal], joint[:, horizontal]),
            _values(objectives[0], joint[:, 0]),
            MARKERS[i % len(MARKERS)],
            color=style_of(i)[0],
            markersize=5,
            alpha=0.8,
            label=name,
        )
    axes.set_title("front of all searches of each strategy", fontsize=10)
    _label(axes, objectives[horizontal], objectives[0])
    axes.legend(loc="upper right", framealpha=0.9, edgecolor="none")


def _draw_reference(
    axes: Axes,
    objectives: Sequence[Objective],
    reference: ReferenceFront,
    horizontal: int,
    ink: str,
) -> None:
    """Draw the reference front as a staircase; its points if there are three objectives."""
    points = np.array(reference.front)
    x = _values(objectives[horizontal], points[:, horizontal])
    y = _values(objectives[0], points[:, 0])
    if len(objectives) == 2:
        edge = objectives[horizontal].from_loss(reference.high[horizontal])
        x, y = np.append(edge, x), np.append(y[0], y)
        axes.step(x[::-1], y[::-1], where="post", color=ink, linewidth=1, label=reference.meaning)
    else:
        axes.plot(x, y, ".", color=ink, markersize=3, label=reference.meaning)


def _objectives(fronts: Fronts) -> tuple[Objective, ...]:
    return next(search.objectives for searches in fronts.values() for search in searches)


def _values(objective: Objective, losses: Points) -> Array:
    return np.array([objective.from_loss(loss) for loss in losses])


def _label(axes: Axes, horizontal: Objective, vertical: Objective) -> None:
    if horizontal.is_log:
        axes.set_xscale("log")
        _set_ticks(axes.xaxis)
    if vertical.is_log:
        axes.set_yscale("log")
        _set_ticks(axes.yaxis)
    axes.set(xlabel=str(horizontal), ylabel=str(vertical))
    style_axes(axes)


def _set_ticks(axis: Axis) -> None:
    """Label 1, 2 and 5 of each decade, such as `20M`; even steps within one decade."""
    from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter

    low, high = axis.get_view_interval()
    many = high > 10 * low
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if many else MaxNLocator(6))
    axis.set_major_formatter(EngFormatter(sep=""))
    axis.set_minor_formatter(NullFormatter())
