"""Plot the regret of strategies against evaluations and against simulated hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nni_nlp_bench.reports.front_plot import draw_found, draw_other_view
from nni_nlp_bench.reports.hypervolume import ReferenceFront
from nni_nlp_bench.reports.measures import Reference, hypervolume_reference
from nni_nlp_bench.reports.regret_curves import (
    Curves,
    draw_against_evaluations,
    draw_against_hours,
)
from nni_nlp_bench.reports.searches import SearchRecord, curve_from_result, with_hypervolume
from nni_nlp_bench.strategies.result import SearchResult
from search_spaces.plotting import blank_figure, save_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_regret(path: Path, runs: Sequence[SearchResult], reference: Reference, title: str) -> None:
    """Plot mean regret over the seeds, with a band from the 10th to the 90th percentile."""
    import matplotlib as mpl

    names = dict.fromkeys(run.strategy for run in runs)
    curves = {
        name: [curve_from_result(run) for run in runs if run.strategy == name] for name in names
    }
    figure = blank_figure(11, 4.6)
    with mpl.rc_context(_STYLE):
        by_evaluations, by_hours = figure.subplots(1, 2, sharey=True)
        _draw_curves(by_evaluations, by_hours, curves, reference)
    band = _band(run.seed for run in runs)
    figure.suptitle(f"{title}\nregret from {reference}; {band}", fontsize=11)
    save_plot(figure, path)


def draw_fronts(
    path: Path, records: Sequence[SearchRecord], front: ReferenceFront, title: str
) -> None:
    """Plot what searches with several objectives found, and the hypervolume that is missing.

    Above: the fronts, and their median attainment curves (the other objectives if there are
    three). Below: the missing hypervolume against evaluations and against simulated hours.
    """
    import matplotlib as mpl

    names = dict.fromkeys(record.strategy for record in records)
    searches = {name: [r for r in records if r.strategy == name] for name in names}
    fronts = {name: [r.front for r in of if r.front is not None] for name, of in searches.items()}
    curves = {name: [with_hypervolume(r, front).curve for r in of] for name, of in searches.items()}
    figure = blank_figure(11, 9)
    with mpl.rc_context(_STYLE):
        (found, other), below = figure.subplots(2, 2)
        draw_found(found, fronts, front)
        draw_other_view(other, fronts, front)
        below[1].sharey(below[0])
        _draw_curves(below[0], below[1], curves, hypervolume_reference(front))
    band = _band(record.seed for record in records)
    figure.suptitle(f"{title}\nhypervolume missing from the {front.meaning}; {band}", fontsize=11)
    save_plot(figure, path)


_STYLE = {"grid.color": "#dddddd"}


def _draw_curves(
    by_evaluations: Axes, by_hours: Axes, curves: Curves, reference: Reference
) -> None:
    draw_against_evaluations(by_evaluations, curves, reference)
    draw_against_hours(by_hours, curves, reference)
    by_hours.set_ylabel("")
    if by_evaluations.lines:
        by_evaluations.legend(loc="upper right", framealpha=0.9, edgecolor="none")


def _band(seeds: Iterable[int | None]) -> str:
    count = len(set(seeds))
    return f"mean and 10th to 90th percentile of {count} seeds" if count > 1 else "one seed"
