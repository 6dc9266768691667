"""Strategies ranked over their seeds, and the ranked table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nni_nlp_bench.reports.measures import Reference, Summary
from nni_nlp_bench.reports.page.words import known

if TYPE_CHECKING:
    from rich.table import Table

_WIDEST_NAME = 21
"""Of a strategy, in characters: the ranking then fits 80 columns."""


@dataclass(frozen=True)
class Ranked:
    """One strategy over all its seeds."""

    strategy: str
    seeds: int
    best_figure: float
    """The best of all seeds, by the unit of the losses."""
    figure: float
    """Mean over the seeds; NaN where no training of some seed succeeded."""
    figure_sd: float
    regret: float
    """Mean over the seeds; lower is better."""
    arrived: int
    """Seeds that came within the unit's target of the reference."""
    evaluations_to_target: float | None
    """Median over the seeds that arrived."""
    simulated_hours: float
    """Mean over the seeds."""


def rank(summaries: Sequence[Summary]) -> list[Ranked]:
    """Strategies by mean regret, the lowest first."""
    names = dict.fromkeys(summary.strategy for summary in summaries)
    ranked = [_ranked([s for s in summaries if s.strategy == name]) for name in names]
    return sorted(ranked, key=lambda row: (math.isnan(row.regret), row.regret))


def _ranked(rows: list[Summary]) -> Ranked:
    figures = [row.best_figure for row in rows]
    found = [row for row in rows if not math.isnan(row.best_loss)]
    best = min(found or rows, key=lambda row: row.best_loss)
    arrivals = [n for row in rows if (n := row.evaluations_to_target) is not None]
    return Ranked(
        strategy=rows[0].strategy,
        seeds=len(rows),
        best_figure=best.best_figure,
        figure=float(np.mean(figures)),
        figure_sd=_deviation(figures),
        regret=float(np.mean([row.regret for row in rows])),
        arrived=len(arrivals),
        evaluations_to_target=float(np.median(arrivals)) if arrivals else None,
        simulated_hours=float(np.mean([row.simulated_hours for row in rows])),
    )


def _deviation(values: list[float]) -> float:
    """Of the sample; NaN where a value is not finite."""
    if len(values) == 1:
        return 0.0
    return float(np.std(values, ddof=1)) if np.isfinite(values).all() else math.nan


def ranking_table(ranked: Sequence[Ranked], reference: Reference, title: str) -> Table:
    """The ranking for the terminal: fits 80 columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    unit = reference.unit
    figure = unit.legend.partition(":")[0]
    caption = (
        f"{unit.legend}. Regret and target: from {reference}; in brackets the seeds that arrived."
    )
    table = Table(
        title=Text(title),
        caption=Text(caption),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column("strategy", no_wrap=True, style="bold")
    for heading in (
        f"best\n{figure}",
        f"mean {figure}\n± sd",
        f"regret\n{unit.short}",
        f"evaluations\nto {unit.target_words}",
        "simulated\nhours",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for place, row in enumerate(ranked, start=1):
        table.add_row(
            str(place),
            Text(_folded(row.strategy)),
            known(row.best_figure, ".1f"),
            f"{known(row.figure, '.1f')} ± {known(row.figure_sd, '.1f')}",
            known(row.regret, ".3f"),
            _arrival(row),
            known(row.simulated_hours, ",.0f"),
        )
    return table


def _folded(strategy: str) -> str:
    """A long name of another host's strategy on two lines, after its colon."""
    return strategy.replace(":", ":\n") if len(strategy) > _WIDEST_NAME else strategy


def _arrival(row: Ranked) -> str:
    if row.evaluations_to_target is None:
        return f"- (0/{row.seeds})"
    return f"{row.evaluations_to_target:.0f} ({row.arrived}/{row.seeds})"
