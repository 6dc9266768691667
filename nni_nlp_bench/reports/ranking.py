"""Rank strategies over their seeds, and format the ranking for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np

from nni_nlp_bench.core.printable import printable
from nni_nlp_bench.reports.measures import Reference, Summary
from nni_nlp_bench.reports.page.formatting import format_hours, format_number

if TYPE_CHECKING:
    from rich.table import Table

_MAX_NAME_LENGTH = 21
"""Longest strategy name on one line, in characters: the ranking then fits 80 columns."""


@dataclass(frozen=True)
class Ranked:
    """Metrics of one strategy over its seeds."""

    strategy: str
    seeds: int
    best_metric: float
    """Best over the seeds, such as the lowest perplexity."""
    metric: float
    """Mean over the seeds; NaN if no training of some seed succeeded."""
    metric_sd: float
    """Sample standard deviation over the seeds."""
    regret: float
    """Mean over the seeds; lower is better."""
    reached_target: int
    """Number of seeds whose regret was within the target of the unit."""
    evaluations_to_target: float | None
    """Median over the seeds that reached the target."""
    simulated_hours: float
    """Mean over the seeds."""


def rank(summaries: Sequence[Summary]) -> list[Ranked]:
    """Return one row per strategy, sorted by mean regret in ascending order."""
    names = dict.fromkeys(summary.strategy for summary in summaries)
    ranked = [_ranked([s for s in summaries if s.strategy == name]) for name in names]
    return sorted(ranked, key=lambda row: (math.isnan(row.regret), row.regret))


def _ranked(rows: list[Summary]) -> Ranked:
    metrics = [row.best_metric for row in rows]
    found = [row for row in rows if not math.isnan(row.best_loss)]
    best = min(found or rows, key=lambda row: row.best_loss)
    to_target = [n for row in rows if (n := row.evaluations_to_target) is not None]
    return Ranked(
        strategy=rows[0].strategy,
        seeds=len(rows),
        best_metric=best.best_metric,
        metric=float(np.mean(metrics)),
        metric_sd=_sample_sd(metrics),
        regret=float(np.mean([row.regret for row in rows])),
        reached_target=len(to_target),
        evaluations_to_target=float(np.median(to_target)) if to_target else None,
        simulated_hours=float(np.mean([row.simulated_hours for row in rows])),
    )


def _sample_sd(values: list[float]) -> float:
    """Return the sample standard deviation; NaN if a value is not finite."""
    if len(values) == 1:
        return 0.0
    return float(np.std(values, ddof=1)) if np.isfinite(values).all() else math.nan


def ranking_table(ranked: Sequence[Ranked], reference: Reference, title: str) -> Table:
    """Return the ranking as a table that fits 80 columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    unit = reference.unit
    metric = unit.legend.partition(":")[0]
    caption = (
        f"{unit.legend}. Regret and target: from {reference}; in parentheses: seeds that reached "
        "the target."
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
        f"best\n{metric}",
        f"mean {metric}\n± sd",
        f"regret\n{unit.short}",
        f"evaluations\nto {unit.target_words}",
        "simulated\nhours",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for place, row in enumerate(ranked, start=1):
        table.add_row(
            str(place),
            Text(_wrap_name(row.strategy)),
            format_number(row.best_metric, ".1f"),
            f"{format_number(row.metric, '.1f')} ± {format_number(row.metric_sd, '.1f')}",
            format_number(row.regret, ".3f"),
            _format_target(row),
            format_hours(row.simulated_hours),
        )
    return table


def ranking_text(ranked: Sequence[Ranked], reference: Reference, title: str) -> str:
    """Return the ranking as plain text of at most 80 columns."""
    from rich.console import Console  # noqa: TID251 - escaped by `printable` below

    console = Console(width=80, color_system=None, file=StringIO())
    with console.capture() as capture:
        console.print(ranking_table(ranked, reference, title))
    lines = printable(capture.get(), keep="\n").splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _wrap_name(strategy: str) -> str:
    """Break a long name, such as `naslib:NAME`, after its colon."""
    return strategy.replace(":", ":\n") if len(strategy) > _MAX_NAME_LENGTH else strategy


def _format_target(row: Ranked) -> str:
    if row.evaluations_to_target is None:
        return f"- (0/{row.seeds})"
    return f"{row.evaluations_to_target:.0f} ({row.reached_target}/{row.seeds})"
