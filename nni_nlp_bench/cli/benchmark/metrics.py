"""Tables of the cross-validated metrics of a surrogate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.cli.output import plain_table

if TYPE_CHECKING:
    from rich.table import Table


def metrics_table(cross_validation: Mapping[str, Any]) -> Table:
    """Return one row per group of cells, or per number of epochs that are given."""
    rows: dict[str, Mapping[str, float]]
    if "given_epochs" in cross_validation:
        given = cross_validation["given_epochs"]
        rows = {f"{epochs} epochs given": metrics for epochs, metrics in given.items()}
    else:
        below = cross_validation["below"]
        rows = {"all cells": cross_validation["overall"]}
        rows |= {f"below {threshold}": metrics for threshold, metrics in below.items()}
    names = list(next(iter(rows.values())))
    cells = [[row, *(_format(metrics[name]) for name in names)] for row, metrics in rows.items()]
    title = f"{cross_validation['folds']}-fold cross-validation"
    return plain_table(title, ["", *(name.replace("_", " ") for name in names)], cells)


def optimism_table(optimism: Mapping[str, float]) -> Table:
    """Return measured minus predicted loss of the cells with the lowest predictions."""
    row = ["optimism, nats", *(f"{value:+.3f}" for value in optimism.values())]
    return plain_table(None, ["of the best", *optimism], [row])


def _format(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"
