"""What searches on one benchmark come to: their files, their picture and their ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.reports.files import write_searches
from nni_nlp_bench.reports.measures import Reference, reference_loss, summarize
from nni_nlp_bench.reports.plot import draw_regret
from nni_nlp_bench.reports.ranking import Ranked, rank
from nni_nlp_bench.strategies.compare import Run

CURVE = "curve.png"


@dataclass(frozen=True)
class Outcome:
    """Strategies, the best first, and the loss that their regret is measured from."""

    title: str
    reference: Reference
    ranked: tuple[Ranked, ...]


def write_outcome(out: Path, benchmark: Benchmark, runs: Sequence[Run], title: str) -> Outcome:
    """Leave trials.csv, summary.csv, best.json and curve.png in `out`."""
    reference = reference_loss(benchmark, runs)
    summaries = [summarize(run, reference) for run in runs]
    write_searches(out, runs, summaries, reference, benchmark.space)
    draw_regret(out / CURVE, runs, reference, title)
    return Outcome(title, reference, tuple(rank(summaries)))
