"""Plot regret curves of strategies: mean over the seeds, with a percentile band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.searches import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The palette of Okabe and Ito, distinguishable with colour blindness.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
STYLES = ("-", "--", "-.", ":")
BAND = (10, 90)
"""Percentiles over the seeds that bound the band."""
_HOUR_POINTS = 200

Curves = Mapping[str, Sequence[Curve]]
"""Curves of the searches by strategy."""


def style_of(position: int) -> tuple[str, str]:
    """Return colour and line style of the strategy at a position of a mapping of curves."""
    return COLORS[position % len(COLORS)], STYLES[position // len(COLORS) % len(STYLES)]


def draw_against_evaluations(axes: Axes, curves: Curves, reference: Reference) -> None:
    """Plot regret against evaluations, up to the shortest search of each strategy."""
    for name, style, searches in _nonempty(curves):
        length = min(len(curve.losses) for curve in searches)
        losses = np.array([curve.losses[:length] for curve in searches])
        _draw(axes, np.arange(1.0, length + 1), losses - reference.loss, name, style)
    axes.set(xlabel="evaluations", ylabel=f"regret ({reference.unit.of_regret})")
    _limit(axes, curves, reference.loss)
    style_axes(axes)


def draw_against_hours(axes: Axes, curves: Curves, reference: Reference) -> None:
    """Plot regret against simulated hours, for the strategies whose hours are known."""
    for name, style, searches in _nonempty(curves):
        if all(curve.timed for curve in searches):
            hours, losses = _interpolate_hours(searches)
            _draw(axes, hours, losses - reference.loss, name, style)
    axes.set(
        xlabel="simulated hours" if axes.lines else "simulated hours (not recorded)",
        ylabel=f"regret ({reference.unit.of_regret})",
    )
    _limit(axes, curves, reference.loss)
    style_axes(axes)


def _nonempty(curves: Curves) -> Iterator[tuple[str, tuple[str, str], list[Curve]]]:
    for i, (name, searches) in enumerate(curves.items()):
        nonempty = [curve for curve in searches if curve.losses]
        if nonempty:
            yield name, style_of(i), nonempty


def _interpolate_hours(curves: Sequence[Curve]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first = max(curve.hours[0] for curve in curves)
    last = min(curve.hours[-1] for curve in curves)
    hours = np.linspace(first, max(first, last), _HOUR_POINTS)
    ended = [np.searchsorted(curve.hours, hours, side="right") - 1 for curve in curves]
    rows = [np.array(c.timed_losses)[i] for c, i in zip(curves, ended, strict=True)]
    return hours, np.array(rows)


def _draw(
    axes: Axes,
    x: NDArray[np.float64],
    values: NDArray[np.float64],
    name: str,
    style: tuple[str, str],
) -> None:
    colour, line = style
    missing = np.isnan(values).sum(axis=0)
    # Starts when all seeds that ever succeed have an incumbent: otherwise the mean could rise.
    found = (missing == missing.min()) & (missing < len(values))
    x, values = x[found], values[:, found]
    mean, dot = np.nanmean(values, axis=0), "o" if len(set(x)) == 1 else ""
    axes.plot(x, mean, label=name, linewidth=1.8, color=colour, ls=line, marker=dot)
    if found.any():
        low, high = np.nanpercentile(values, BAND, axis=0)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)


def _limit(axes: Axes, curves: Curves, reference: float) -> None:
    """Clip the first few evaluations, whose regret is much larger than the rest."""
    later_regrets = [
        loss - reference
        for searches in curves.values()
        for curve in searches
        for loss in curve.losses[max(1, len(curve.losses) // 20) :]
        if np.isfinite(loss)
    ]
    if any(later_regrets):
        axes.set_ylim(min(0.0, *later_regrets), 1.02 * float(np.percentile(later_regrets, 99)))


def style_axes(axes: Axes) -> None:
    """Add a grid behind the curves, and remove the top and right spines."""
    axes.grid(linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
