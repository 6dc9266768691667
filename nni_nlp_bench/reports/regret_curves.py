"""Regret of strategies as curves on matplotlib axes: mean over the seeds, with a band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.searches import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart by colour-blind readers too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
STYLES = ("-", "--", "-.", ":")
BAND = (10, 90)
"""Percentiles of the seeds between which the band lies."""
_HOURS_DRAWN = 200

Curves = Mapping[str, Sequence[Curve]]
"""Strategy -> the curves of its searches."""


def style_of(position: int) -> tuple[str, str]:
    """Colour and line style of the strategy at that position of a mapping of curves."""
    return COLOURS[position % len(COLOURS)], STYLES[position // len(COLOURS) % len(STYLES)]


def draw_against_evaluations(axes: Axes, curves: Curves, reference: Reference) -> None:
    """Regret, as far as all seeds of a strategy go."""
    for name, style, own in _drawable(curves):
        length = min(len(curve.losses) for curve in own)
        losses = np.array([curve.losses[:length] for curve in own])
        _draw(axes, np.arange(1.0, length + 1), losses - reference.loss, name, style)
    axes.set(xlabel="evaluations", ylabel=f"regret ({reference.unit.of_regret})")
    _limit(axes, curves, reference.loss)
    tidy(axes)


def draw_against_hours(axes: Axes, curves: Curves, reference: Reference) -> None:
    """The same at equal simulated times, of the strategies whose times are known."""
    for name, style, own in _drawable(curves):
        if all(curve.timed for curve in own):
            hours, losses = _at_equal_hours(own)
            _draw(axes, hours, losses - reference.loss, name, style)
    axes.set(
        xlabel="simulated hours" if axes.lines else "simulated hours: not recorded",
        ylabel=f"regret ({reference.unit.of_regret})",
    )
    _limit(axes, curves, reference.loss)
    tidy(axes)


def _drawable(curves: Curves) -> Iterator[tuple[str, tuple[str, str], list[Curve]]]:
    for i, (name, searches) in enumerate(curves.items()):
        own = [curve for curve in searches if curve.losses]
        if own:
            yield name, style_of(i), own


def _at_equal_hours(curves: Sequence[Curve]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first = max(curve.hours[0] for curve in curves)
    last = min(curve.hours[-1] for curve in curves)
    hours = np.linspace(first, max(first, last), _HOURS_DRAWN)
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
    # It begins when all seeds that ever succeed have an incumbent: else the mean could rise.
    found = (missing == missing.min()) & (missing < len(values))
    x, values = x[found], values[:, found]
    mean, dot = np.nanmean(values, axis=0), "o" if len(set(x)) == 1 else ""
    axes.plot(x, mean, label=name, linewidth=1.8, color=colour, ls=line, marker=dot)
    if found.any():
        low, high = np.nanpercentile(values, BAND, axis=0)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)


def _limit(axes: Axes, curves: Curves, reference: float) -> None:
    """Cut off the first few evaluations, whose regret dwarfs all that follows."""
    settled = [
        loss - reference
        for own in curves.values()
        for curve in own
        for loss in curve.losses[max(1, len(curve.losses) // 20) :]
        if np.isfinite(loss)
    ]
    if any(settled):
        axes.set_ylim(min(0.0, *settled), 1.02 * float(np.percentile(settled, 99)))


def tidy(axes: Axes) -> None:
    """A grid behind the curves, and no frame at the top and the right."""
    axes.grid(linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
