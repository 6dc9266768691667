"""Read the output folder of `compare` or `search`: trials.csv and best.json."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, read_text
from nni_nlp_bench.core.parse_json import read_json
from nni_nlp_bench.reports.files import BEST, TRIALS
from nni_nlp_bench.reports.fronts import read_front_metadata
from nni_nlp_bench.reports.hypervolume import ReferenceFront, SearchFront, report_unit
from nni_nlp_bench.reports.readers.source import SearchSource, parse_origin
from nni_nlp_bench.reports.searches import (
    BestArchitecture,
    Counts,
    Curve,
    SearchRecord,
    infer_benchmark,
    name_with_objectives,
    sequential_curve,
)
from nni_nlp_bench.reports.study_files import left_out_of

_Rows = Sequence[Mapping[str, str]]


def read_comparison(folder: Path) -> SearchSource:
    """Return the searches of a finished comparison.

    Args:
        folder: Output folder of `compare`, `search` or `study`.

    Raises:
        UserError: files are missing, unfinished or damaged.
    """
    for name in (TRIALS, BEST):
        if not exists(folder / name):
            raise UserError(f"{folder / name} is missing: let the search finish")
    text, best = read_text(folder / TRIALS), read_json(folder / BEST)
    try:
        rows = list(csv.DictReader(StringIO(text, newline="")))
        if best["architecture"] is None:
            raise UserError(f"{folder} has no finished trial with a result: {best['note']}")
        if not rows:
            raise ValueError(f"{TRIALS} has no trials")
        return _source(folder, rows, best, left_out_of(folder))
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise UserError(
            f"{folder}: {TRIALS} and {BEST} cannot be read ({error!r}): run the search again, "
            "which resumes from its journals"
        ) from None


def _source(
    folder: Path, rows: _Rows, best: Mapping[str, Any], warnings: tuple[str, ...]
) -> SearchSource:
    reference = float(best["reference"]["loss"])
    # Files from before points were supported have no unit.
    unit = report_unit(best["reference"].get("unit", LossUnit.NATS))
    several = read_front_metadata(best) if "reference_front" in best else None
    searches: dict[tuple[str, int], list[Mapping[str, str]]] = {}
    for row in rows:
        searches.setdefault((row["strategy"], int(row["seed"])), []).append(row)
    found = {key: _curve_and_best(search_rows, reference) for key, search_rows in searches.items()}
    benchmark = str(infer_benchmark(best for _, best in found.values() if best is not None))
    if several is not None:
        benchmark = name_with_objectives(benchmark, several[0])
    records = tuple(
        SearchRecord(
            experiment=str(folder),
            strategy=strategy,
            seed=seed,
            space=best["space"],
            benchmark=benchmark,
            unit=unit,
            optimum=reference if best["reference"]["known"] else None,
            curve=found[strategy, seed][0],
            counts=_counts(search_rows),
            best=found[strategy, seed][1],
            front=None if several is None else _front(search_rows, *several),
        )
        for (strategy, seed), search_rows in searches.items()
    )
    return SearchSource(str(folder), records, warnings)


def _curve_and_best(rows: _Rows, reference: float) -> tuple[Curve, BestArchitecture | None]:
    """Return the curve and the best architecture: the incumbent changes when the regret does."""
    losses: list[float] = []
    loss, regret, best = math.nan, math.nan, None
    for row in rows:
        new_regret = float(row["regret"])
        if not math.isnan(new_regret) and new_regret != regret:
            regret, loss = new_regret, float(row["test_loss"] or row["val_loss"])
            best = BestArchitecture(
                row["architecture"], loss, parse_origin(row["origin"]), row["source"]
            )
        losses.append(loss)
    return sequential_curve(losses, [float(row["simulated_end_h"]) for row in rows]), best


def _front(rows: _Rows, objectives: Sequence[Objective], reference: ReferenceFront) -> SearchFront:
    """Return the losses of a search: the values are those of its successful trainings."""
    losses = [
        [o.to_loss(float(row[o.name])) for o in objectives]
        if row["status"] == OK
        else [math.nan] * len(objectives)
        for row in rows
    ]
    full = reference if reference.known else None
    return SearchFront(tuple(objectives), np.array(losses), tuple(range(len(rows))), full)


def _counts(rows: _Rows) -> Counts:
    return Counts(
        evaluations=len(rows),
        measured=sum(row["origin"] == "measured" for row in rows),
        predicted=sum(row["origin"] == "predicted" for row in rows),
        failed=sum(row["status"] != OK for row in rows),
        replaced=sum(row["replaced"] == "True" for row in rows),
    )
