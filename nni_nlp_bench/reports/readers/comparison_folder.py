"""Read back what `compare` and `search` write: trials.csv and best.json."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.files import BEST, TRIALS
from nni_nlp_bench.reports.readers.readings import SearchSource, origin_of
from nni_nlp_bench.reports.searches import (
    BestArchitecture,
    Counts,
    Curve,
    SearchRecord,
    benchmark_of,
    curve_in_order,
)
from nni_nlp_bench.reports.study_files import left_out_of

_Rows = Sequence[Mapping[str, str]]


def read_comparison(folder: Path) -> SearchSource:
    """The searches of a comparison that has ended. Raises UserError."""
    try:
        with (folder / TRIALS).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        best = json.loads((folder / BEST).read_text("utf-8"))
        if best["architecture"] is None:
            raise UserError(f"{folder} holds no finished trial with a result: {best['note']}")
        return _reading(folder, rows, best, left_out_of(folder))
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: run the search to its end") from None
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder}: {TRIALS} and {BEST} cannot be read ({error!r}): run the search again, "
            "which goes on from its journals"
        ) from None


def _reading(
    folder: Path, rows: _Rows, best: Mapping[str, Any], remarks: tuple[str, ...]
) -> SearchSource:
    reference = float(best["reference"]["loss"])
    # Before there was another unit, best.json named none.
    unit = LossUnit(best["reference"].get("unit", LossUnit.NATS))
    searches: dict[tuple[str, int], list[Mapping[str, str]]] = {}
    for row in rows:
        searches.setdefault((row["strategy"], int(row["seed"])), []).append(row)
    found = {key: _curve_and_find(own, reference) for key, own in searches.items()}
    benchmark = benchmark_of(find for _, find in found.values() if find is not None)
    records = tuple(
        SearchRecord(
            experiment=str(folder),
            strategy=strategy,
            seed=seed,
            space=best["space"],
            benchmark=str(benchmark),
            unit=unit,
            optimum=reference if best["reference"]["known"] else None,
            curve=found[strategy, seed][0],
            counts=_counts(own),
            find=found[strategy, seed][1],
        )
        for (strategy, seed), own in searches.items()
    )
    return SearchSource(str(folder), records, remarks)


def _curve_and_find(rows: _Rows, reference: float) -> tuple[Curve, BestArchitecture | None]:
    """The incumbent changes where the regret does: then the row's own loss is the incumbent's."""
    losses: list[float] = []
    loss, regret, find = math.nan, math.nan, None
    for row in rows:
        told = float(row["regret"])
        if not math.isnan(told) and told != regret:
            regret, loss = told, float(row["test_loss"] or row["val_loss"])
            find = BestArchitecture(
                row["architecture"], loss, origin_of(row["origin"]), row["source"]
            )
        losses.append(loss)
    return curve_in_order(losses, [float(row["simulated_end_h"]) for row in rows]), find


def _counts(rows: _Rows) -> Counts:
    return Counts(
        evaluations=len(rows),
        measured=sum(row["origin"] == "measured" for row in rows),
        predicted=sum(row["origin"] == "predicted" for row in rows),
        failed=sum(row["status"] != OK for row in rows),
        replaced=sum(row["replaced"] == "True" for row in rows),
    )
