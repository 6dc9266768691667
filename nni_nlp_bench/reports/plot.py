"""Plot the regret of strategies against evaluations and against simulated hours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.regret_curves import draw_against_evaluations, draw_against_hours
from nni_nlp_bench.reports.searches import curve_from_result
from nni_nlp_bench.strategies.result import SearchResult
from search_spaces.plotting import blank_figure, save_plot


def draw_regret(path: Path, runs: Sequence[SearchResult], reference: Reference, title: str) -> None:
    """Plot mean regret over the seeds, with a band from the 10th to the 90th percentile."""
    import matplotlib as mpl

    names = dict.fromkeys(run.strategy for run in runs)
    curves = {
        name: [curve_from_result(run) for run in runs if run.strategy == name] for name in names
    }
    figure = blank_figure(11, 4.6)
    with mpl.rc_context({"grid.color": "#dddddd"}):
        by_evaluations, by_hours = figure.subplots(1, 2, sharey=True)
        draw_against_evaluations(by_evaluations, curves, reference)
        draw_against_hours(by_hours, curves, reference)
    by_hours.set_ylabel("")
    if by_evaluations.lines:
        by_evaluations.legend(loc="upper right", framealpha=0.9, edgecolor="none")
    seeds = len({run.seed for run in runs})
    band = f"mean and 10th to 90th percentile of {seeds} seeds" if seeds > 1 else "one seed"
    figure.suptitle(f"{title}\nregret from {reference}; {band}", fontsize=11)
    save_plot(figure, path)
