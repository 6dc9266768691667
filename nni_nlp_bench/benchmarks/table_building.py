"""Conversion of runs into the metadata and arrays of a table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.objectives import Objective, check_metric
from nni_nlp_bench.benchmarks.table_files import Arrays, TableMetadata, units_of
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit


def build(
    runs: Iterable[TrainingRun],
    *,
    name: str,
    space: str,
    epochs: int,
    has_curves: bool,
    unit: LossUnit,
    description: str,
    source: str,
    licence: str,
    citation: str,
    metrics: Sequence[Objective],
) -> tuple[TableMetadata, Arrays]:
    """Return metadata and arrays of a table; for the arguments see `Table.from_runs`."""
    groups = _by_architecture(runs)
    ordered = [run for group in groups.values() for run in group]
    recorded = _recorded(ordered)
    _check(name, ordered, recorded, epochs if has_curves else 1, unit)
    _check_metrics(name, ordered, metrics)
    statuses = sorted({run.status for run in ordered}, key=lambda status: (status != OK, status))
    metadata = TableMetadata(
        name=name,
        space=space,
        dataset=ordered[0].dataset,
        description=description,
        source=source,
        licence=licence,
        citation=citation,
        objective="val_loss" if "val_loss" in recorded else "test_loss",
        epochs=epochs,
        has_curves=has_curves,
        recorded=recorded,
        statuses=tuple(statuses),
        runs=len(ordered),
        architectures=len(groups),
        distinct_recipes=len({run.architecture.to_json() for run in ordered}),
        canonical_form=canonical_form(),
        units=units_of(unit),
        metrics=tuple(metrics),
    )
    return metadata, _arrays(metadata, groups, ordered)


def canonical_form() -> str:
    """Return package and version that compute canonical keys."""
    return f"igraph {version('igraph')}"


def _check(
    name: str,
    runs: Sequence[TrainingRun],
    recorded: Sequence[str],
    columns: int,
    unit: LossUnit,
) -> None:
    """Raise BenchmarkError for runs that cannot share a table."""
    if not runs:
        raise BenchmarkError(f"{name}: there are no runs to make a table of")
    if not {"val_loss", "test_loss"} & set(recorded):
        raise BenchmarkError(f"{name}: the runs record neither validation nor test loss")
    for run in runs:
        run.check_losses(unit)
        if run.length > columns:
            raise BenchmarkError(f"{run.name}: {run.length} epochs, at most {columns} expected")
    datasets = {run.dataset for run in runs}
    if len(datasets) > 1:
        names = ", ".join(sorted(str(dataset) for dataset in datasets))
        raise BenchmarkError(f"{name}: a table has one data set, choose one of: {names}")


def _check_metrics(name: str, runs: Sequence[TrainingRun], metrics: Sequence[Objective]) -> None:
    """Raise UserError for metrics that are not declared, or declared twice."""
    declared = [metric.name for metric in metrics]
    for metric in metrics:
        check_metric(metric)
        if declared.count(metric.name) > 1:
            raise BenchmarkError(f"{name}: the metric {metric.name} is declared more than once")
    for run in runs:
        for undeclared in run.metrics.keys() - set(declared):
            raise BenchmarkError(f"{run.name}: the metric {undeclared} has no declared unit")


def _by_architecture(runs: Iterable[TrainingRun]) -> dict[str, list[TrainingRun]]:
    def order(run: TrainingRun) -> tuple[bool, int, str]:
        return run.recipe_id is None, run.recipe_id or 0, run.name

    groups: dict[str, list[TrainingRun]] = {}
    for run in sorted(runs, key=order):
        groups.setdefault(run.architecture.canonical_key, []).append(run)
    return groups


def _recorded(runs: Sequence[TrainingRun]) -> tuple[str, ...]:
    """Return the recorded series, equal for all runs with at least one epoch."""
    recorded: tuple[str, ...] | None = None
    for run in runs:
        names = tuple(name for name, _ in run.recorded())
        if run.length == 0:
            continue
        if recorded is not None and names != recorded:
            raise BenchmarkError(
                f"{run.name} records {', '.join(names)}, other runs {', '.join(recorded)}: "
                "all runs of a table must record the same"
            )
        recorded = names
    return recorded or ()


def _arrays(
    metadata: TableMetadata, groups: dict[str, list[TrainingRun]], runs: Sequence[TrainingRun]
) -> dict[str, NDArray[Any]]:
    texts = [group[0].architecture.to_json().encode("utf-8") for group in groups.values()]
    code = {status: i for i, status in enumerate(metadata.statuses)}

    def unknown_as_minus_one(values: Iterable[int | None]) -> NDArray[np.int64]:
        return np.array([-1 if value is None else value for value in values], dtype=np.int64)

    arrays: dict[str, NDArray[Any]] = {
        "keys": np.array(list(groups), dtype="S32"),
        "first_run": np.cumsum([0, *(len(group) for group in groups.values())], dtype=np.int64),
        "recipe_ends": np.cumsum([len(text) for text in texts], dtype=np.int64),
        "recipes": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "run_ids": unknown_as_minus_one(run.recipe_id for run in runs),
        "num_params": unknown_as_minus_one(run.num_params for run in runs),
        "epochs_done": np.array(
            [run.length if metadata.has_curves else metadata.epochs * run.length for run in runs],
            dtype=np.int64,
        ),
        "statuses": np.array([code[run.status] for run in runs], dtype=np.int64),
    }
    columns = metadata.epochs if metadata.has_curves else 1
    for name in metadata.recorded:
        arrays[name] = np.full((len(runs), columns), np.nan)
    for i, run in enumerate(runs):
        for name, values in run.recorded():
            if run.length:
                arrays[name][i, : len(values)] = values
    if metadata.metrics:
        arrays["metrics"] = np.array(
            [[run.metrics.get(metric.name, np.nan) for metric in metadata.metrics] for run in runs]
        )
    for values in arrays.values():
        values.flags.writeable = False
    return arrays


def digest_of(metadata: TableMetadata, arrays: Arrays) -> str:
    """Return the SHA-256 of the results, and of the metadata that they are read with."""
    fields = ("space", "objective", "epochs", "has_curves", "statuses")
    read_with = {name: getattr(metadata, name) for name in fields} | {"units": dict(metadata.units)}
    if metadata.metrics:
        read_with["metrics"] = [asdict(metric) for metric in metadata.metrics]
    sha = hashlib.sha256(json.dumps(read_with, sort_keys=True).encode())
    for name, values in sorted(arrays.items()):
        sha.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        sha.update(np.ascontiguousarray(values).data)
    return sha.hexdigest()
