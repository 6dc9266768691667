"""Export to NASLib's `nb_nlp.pickle`: a pickle of tuples, lists, dictionaries and numbers.

NASLib requires a pickle; no other module writes one.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.exporters.writing import ExportReport, new_file
from nni_nlp_bench.benchmarks.naslib_compact import Compact, compact
from nni_nlp_bench.benchmarks.release_fields import RELEASE_FIELDS
from nni_nlp_bench.benchmarks.table import Table
from search_spaces.rnn_cell import Recipe

Curves = dict[str, list[float]]


def export_naslib_pickle(table: Table, path: Path, overwrite: bool = False) -> ExportReport:
    """Write the first complete run of every recurrent cell of a table.

    Raises UserError, without writing anything, if the table cannot be exported or the disk is full.
    """
    if table.space_name != "rnn_cell":
        raise BenchmarkError(
            f"NASLib's table holds recurrent cells, not the space {table.space_name}"
        )
    missing = [name for name in RELEASE_FIELDS if name not in table.metadata.recorded]
    if missing or not table.has_curves:
        names = ", ".join(missing or RELEASE_FIELDS)
        raise BenchmarkError(f"{table.name} has no curves of {names}: NASLib needs all of them")
    entries: dict[Compact, Curves] = {}
    merged = unfinished = 0
    for architecture in table.architectures():
        key, curves = compact(architecture), _finished_run(table, architecture)
        if curves is None:
            unfinished += 1
        elif key in entries:
            merged += 1
        else:
            entries[key] = curves
    with new_file(path, overwrite) as new, new.open("wb") as stream:
        pickle.dump(entries, stream, protocol=4)
    return ExportReport(len(entries), tuple(_lost(table, len(entries), merged, unfinished)))


def _finished_run(table: Table, architecture: Recipe) -> Curves | None:
    """Return the first run that reached the last epoch: NASLib does not check the length."""
    for seed in table.seeds(architecture):
        curve = table.curve(architecture, seed)
        if curve.status == OK and len(curve.train_loss) == table.epochs:
            return {
                theirs: getattr(curve, ours).tolist() for ours, theirs in RELEASE_FIELDS.items()
            }
    return None


def _lost(table: Table, written: int, merged: int, unfinished: int) -> Iterator[str]:
    others = table.metadata.runs - written - merged - unfinished
    if others:
        yield f"{others} further runs of cells that are written: one curve a cell"
    if unfinished:
        yield f"{unfinished} cells of which no run finished"
    if merged:
        yield f"{merged} cells whose key another cell has already"
    if any(architecture.hidden_states > 1 for architecture in table.architectures()):
        yield "which result is h_new_0 in cells of two or three states"
    if table.metrics:
        yield f"the metrics {', '.join(metric.name for metric in table.metrics)}"
    yield "recipe ids, parameter counts and statuses"
