"""What a table holds, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from nni_nlp_bench.benchmarks.base import OK, LossName
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.units import LossUnit


@dataclass(frozen=True, slots=True)
class TableInfo:
    """Figures of a table.

    `figure` is the unit's, of the lowest loss over all epochs and runs: on test data where test
    losses are recorded, else on validation data.
    """

    name: str
    space: str
    dataset: str | None
    runs: int
    distinct_ids: int
    distinct_recipes: int
    """Told apart by their text."""
    distinct_cells: int
    """Told apart by their canonical key."""
    ok: int
    """Runs that finished."""
    other_statuses: Mapping[str, int]
    """Number of runs that broke off, by reason."""
    epochs: int
    recorded: tuple[str, ...]
    objective: str
    unit: LossUnit
    best_metric: float | None
    """None where no loss is finite."""
    best_architecture: str | None
    """JSON of the architecture with the best metric."""
    named_metric: Mapping[str, float]
    """Best metric of the architectures that have a name, such as `lstm`."""
    source: str
    licence: str
    citation: str


def table_info(table: Table) -> TableInfo:
    """The figures of a table."""
    metadata, arrays = table.metadata, table.arrays
    ids = arrays["run_ids"]
    counts = Counter(metadata.statuses[code] for code in arrays["statuses"].tolist())
    lowest = _lowest_loss(table)
    best = min(lowest, key=lowest.__getitem__, default=None)
    return TableInfo(
        name=table.name,
        space=table.space_name,
        dataset=metadata.dataset,
        runs=metadata.runs,
        distinct_ids=len(np.unique(ids[ids >= 0])),
        distinct_recipes=metadata.distinct_recipes,
        distinct_cells=len(table),
        ok=counts.pop(OK, 0),
        other_statuses=dict(counts),
        epochs=table.epochs,
        recorded=metadata.recorded,
        objective=table.objective,
        unit=table.unit,
        best_metric=None if best is None else table.unit.to_metric(lowest[best]),
        best_architecture=None if best is None else table.architectures()[best].to_json(),
        named_metric=_named(table, lowest),
        source=metadata.source,
        licence=metadata.licence,
        citation=metadata.citation,
    )


def _lowest_loss(table: Table) -> dict[int, float]:
    """Lowest finite loss by position of the architecture."""
    losses = table.arrays[figure_loss(table.metadata.recorded)]
    of_runs = np.where(np.isfinite(losses), losses, np.inf).min(axis=1)
    of_cells = np.minimum.reduceat(of_runs, table.arrays["first_run"][:-1])
    return {i: float(of_cells[i]) for i in np.flatnonzero(np.isfinite(of_cells)).tolist()}


def figure_loss(recorded: Collection[str]) -> LossName:
    """The loss whose figure readers are told."""
    return "test_loss" if "test_loss" in recorded else "val_loss"


def _named(table: Table, lowest: Mapping[int, float]) -> dict[str, float]:
    space = table.space
    names = [name for name in space.published_names() if not name.isdigit()]
    positions = {name: table.position(space.parse(name)) for name in names}
    return {
        name: table.unit.to_metric(lowest[i])
        for name, i in positions.items()
        if i is not None and i in lowest
    }
