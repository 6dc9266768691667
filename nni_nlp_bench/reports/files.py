"""Write searches to a folder: trials.csv, summary.csv and best.json, each atomically."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.units import rename_metric_keys
from nni_nlp_bench.core.files import atomic_write, write_json
from nni_nlp_bench.reports.hypervolume import ReportUnit
from nni_nlp_bench.reports.measures import Reference, Summary, incumbents, regrets
from nni_nlp_bench.strategies.result import SearchResult

TRIALS, SUMMARY, BEST = "trials.csv", "summary.csv", "best.json"


def write_searches(
    folder: Path,
    runs: Sequence[SearchResult],
    summaries: Sequence[Summary],
    reference: Reference,
    space: str,
) -> None:
    """Write trials.csv, summary.csv and best.json."""
    write_trials(folder / TRIALS, runs, reference)
    write_summary(folder / SUMMARY, summaries, reference.unit)
    write_best(folder / BEST, runs, reference, space)


def write_trials(
    path: Path,
    runs: Sequence[SearchResult],
    reference: Reference,
    regret_curves: Sequence[Sequence[float]] | None = None,
) -> None:
    """Write one row per evaluation, with the regret of the search after it.

    Args:
        path: File to write.
        runs: The searches.
        reference: What regret is measured from.
        regret_curves: Regret of each search after each evaluation; by default the incumbent's.
    """
    curves = regret_curves or [regrets(run.trials, reference) for run in runs]
    metrics = dict.fromkeys(
        name for run in runs for trial in run.trials for name in trial.result.metrics or ()
    )
    rows = (
        {"strategy": run.strategy, "seed": run.seed, "regret": regret, **metrics, **run.row(trial)}
        for run, curve in zip(runs, curves, strict=True)
        for trial, regret in zip(run.trials, curve, strict=True)
    )
    write_rows(path, rows)


def write_summary(path: Path, summaries: Sequence[Summary], unit: ReportUnit) -> None:
    """Write one row per search."""
    write_rows(path, (rename_metric_keys(asdict(summary), unit.metric) for summary in summaries))


def write_best(
    path: Path,
    runs: Sequence[SearchResult],
    reference: Reference,
    space: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write the best architecture by validation objective over all searches, with its result.

    Args:
        path: File to write.
        runs: The searches.
        reference: What regret is measured from.
        space: Name of the search space.
        more: Further entries, such as the fronts of several objectives.
    """
    ends = [(run, incumbents(run.trials)[-1]) for run in runs if run.trials]
    finished = [(run, best) for run, best in ends if best is not None]
    if not finished:
        write_json(path, {"architecture": None, "note": "no training succeeded"})
        return
    run, best = max(finished, key=lambda pair: pair[1].score)
    write_json(
        path,
        {
            "space": space,
            "architecture": json.loads(best.evaluated.to_json()),
            "canonical_key": best.evaluated.canonical_key,
            "strategy": run.strategy,
            "seed": run.seed,
            "trial": best.index,
            "result": asdict(best.result),
            "reference": asdict(reference),
            **(more or {}),
        },
    )


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a CSV file whose header is the keys of the first row."""
    with atomic_write(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow(row)
