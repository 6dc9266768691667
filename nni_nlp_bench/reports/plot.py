"""Plot the regret of strategies against evaluations and against simulated hours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.reports.measures import Reference, regrets
from nni_nlp_bench.strategies.compare import Run
from search_spaces.files import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart by colour-blind readers too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
STYLES = ("-", "--", "-.", ":")
_HOURS_DRAWN = 200
_BAND = (10, 90)


def draw_regret(path: Path, runs: Sequence[Run], reference: Reference, title: str) -> None:
    """Mean regret over the seeds, with the band that holds 80 % of them; lower is better."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    by_evaluations, by_hours = figure.subplots(1, 2, sharey=True)
    names = dict.fromkeys(run.strategy for run in runs)
    for i, name in enumerate(names):
        own = [run for run in runs if run.strategy == name and run.trials]
        if not own:
            continue
        style = COLOURS[i % len(COLOURS)], STYLES[i // len(COLOURS) % len(STYLES)]
        _draw(by_evaluations, *_against_evaluations(own, reference), name, style)
        if all(np.isfinite(trial.end_s) for run in own for trial in run.trials):
            _draw(by_hours, *_against_hours(own, reference), name, style)
    by_evaluations.set(xlabel="evaluations", ylabel="regret of the incumbent (nats per token)")
    timed = bool(by_hours.lines)
    by_hours.set(xlabel="simulated hours" if timed else "simulated hours: not recorded")
    for axes in (by_evaluations, by_hours):
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
    _limit(by_evaluations, runs, reference)
    if by_evaluations.lines:
        by_evaluations.legend(loc="upper right", framealpha=0.9, edgecolor="none")
    seeds = len({run.seed for run in runs})
    band = f"mean and middle 80 % of {seeds} seeds" if seeds > 1 else "one seed"
    figure.suptitle(f"{title}\nregret from {reference}; {band}", fontsize=11)
    with whole_file(path) as new:
        figure.savefig(new, dpi=130)


def _against_evaluations(
    runs: Sequence[Run], reference: Reference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    length = min(len(run.trials) for run in runs)
    values = np.array([regrets(run.trials, reference)[:length] for run in runs])
    return np.arange(1, length + 1, dtype=np.float64), values


def _against_hours(
    runs: Sequence[Run], reference: Reference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Regret at the same simulated times in every run, as each training ends."""
    ends = [np.array([trial.end_s / 3600 for trial in run.trials]) for run in runs]
    first = max(e.min() for e in ends)
    hours = np.linspace(first, max(first, min(e.max() for e in ends)), _HOURS_DRAWN)
    rows = []
    for run, end in zip(runs, ends, strict=True):
        order = np.argsort(end, kind="stable")
        ordered = [run.trials[i] for i in order]
        last = np.searchsorted(end[order], hours, side="right") - 1
        rows.append(np.array(regrets(ordered, reference))[last])
    return hours, np.array(rows)


def _draw(
    axes: Axes,
    x: NDArray[np.float64],
    values: NDArray[np.float64],
    name: str,
    style: tuple[str, str],
) -> None:
    colour, line = style
    found = ~np.isnan(values).all(axis=0)  # before it no seed has an incumbent
    x, values = x[found], values[:, found]
    mean, dot = np.nanmean(values, axis=0), "o" if len(set(x)) == 1 else ""
    axes.plot(x, mean, label=name, linewidth=1.8, color=colour, ls=line, marker=dot)
    if found.any():
        low, high = np.nanpercentile(values, _BAND, axis=0)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)


def _limit(axes: Axes, runs: Sequence[Run], reference: Reference) -> None:
    """Cut off the first few evaluations, whose regret dwarfs all that follows."""
    settled = [
        value
        for run in runs
        for value in regrets(run.trials, reference)[max(1, len(run.trials) // 20) :]
        if np.isfinite(value)
    ]
    if any(settled):
        axes.set_ylim(min(0.0, *settled), 1.02 * float(np.percentile(settled, 99)))
