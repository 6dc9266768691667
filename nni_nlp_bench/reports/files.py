"""Write searches to a folder: trials.csv, summary.csv, best.json. Each appears whole or not."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.units import LossUnit, under_its_name
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.reports.measures import Reference, Summary, incumbents, regrets
from nni_nlp_bench.strategies.compare import Run
from search_spaces.files import whole_file, write_json

TRIALS, SUMMARY, BEST = "trials.csv", "summary.csv", "best.json"


def write_searches(
    folder: Path,
    runs: Sequence[Run],
    summaries: Sequence[Summary],
    reference: Reference,
    space: str,
) -> None:
    """The three files about these searches."""
    write_trials(folder / TRIALS, runs, reference)
    write_summary(folder / SUMMARY, summaries, reference.unit)
    write_best(folder / BEST, runs, reference, space)


def write_trials(path: Path, runs: Sequence[Run], reference: Reference) -> None:
    """One row an evaluation, with the regret of the incumbent after it."""
    rows = (
        _trial_row(run, trial, regret)
        for run in runs
        for trial, regret in zip(run.trials, regrets(run.trials, reference), strict=True)
    )
    write_rows(path, rows)


def write_summary(path: Path, summaries: Sequence[Summary], unit: LossUnit) -> None:
    """One row a search."""
    write_rows(path, (under_its_name(asdict(summary), unit.figure) for summary in summaries))


def write_best(path: Path, runs: Sequence[Run], reference: Reference, space: str) -> None:
    """The architecture of the best objective over all runs, with its losses and their origin."""
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
        },
    )


def _trial_row(run: Run, trial: Trial, regret: float) -> dict[str, Any]:
    result = trial.result
    return {
        "strategy": run.strategy,
        "seed": run.seed,
        "trial": trial.index,
        "canonical_key": trial.evaluated.canonical_key,
        "epoch": result.epoch,
        "train_loss": result.train_loss,
        "val_loss": result.val_loss,
        "test_loss": result.test_loss,
        "std": result.std,
        "status": result.status,
        "origin": result.origin,
        "source": result.source,
        "replaced": trial.evaluated is not trial.architecture,
        "epochs_trained": trial.epochs_trained,
        "simulated_start_h": trial.start_s / 3600,
        "simulated_end_h": trial.end_s / 3600,
        "regret": regret,
        "architecture": trial.evaluated.to_json(),
    }


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """A CSV file with the keys of the first row as its header."""
    with whole_file(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow(row)
