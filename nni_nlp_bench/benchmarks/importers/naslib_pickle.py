"""Import of NASLib's `nb_nlp.pickle`: `{(edges, ops, hiddens): {train_losses, ..., wall_times}}`.

The file has neither ids nor statuses nor the order of results. If the key does not determine the
order, it is looked up in the published recipes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.plain_pickle import Pairs, read_plain_pickle
from nni_nlp_bench.benchmarks.importers.reading import Progress, Reading, Skipped, no_progress
from nni_nlp_bench.benchmarks.naslib_compact import (
    OPS,
    SOURCES,
    Compact,
    order_is_determined,
    published_by_compact,
    recipe_by_position,
)
from nni_nlp_bench.benchmarks.release_fields import series_of_fields
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.core.errors import UserError
from search_spaces.rnn_cell import Recipe

BROKE_OFF = "broke off (nb_nlp.pickle does not say why)"
MAX_EDGES = 100
MAX_VERTICES = 40


def read_naslib_pickle(source: Path, epochs: int, progress: Progress = no_progress) -> Reading:
    """Read all entries; a run is `OK` if it has `epochs` epochs and its last losses are finite.

    Raises BenchmarkError if the file is not a pickle of plain values, or has another structure.
    """
    entries = read_plain_pickle(source, progress)
    if type(entries) is not Pairs:
        raise BenchmarkError(f"{source} is not NASLib's table: it holds no dictionary")
    runs: list[TrainingRun] = []
    skipped: list[Skipped] = []
    guessed = 0
    for number, (key, value) in enumerate(entries):
        name = f"entry {number:06d}"
        try:
            recipe, is_certain = _recipe(_compact(key))
            runs.append(_run(name, recipe, value, epochs))
            guessed += not is_certain
        except UserError as error:
            skipped.append(Skipped(name, str(error)))
    notes = ["recipe ids, parameter counts and statuses are not in this format"]
    if guessed:
        notes.append(
            f"{guessed} cells are not in the published list and their keys do not tell which "
            "result is h_new_0: taken by position, as NASLib does"
        )
    return Reading(tuple(runs), tuple(skipped), tuple(notes))


def _compact(key: Any) -> Compact:
    """Validate a key. Raises BenchmarkError."""
    if type(key) is not tuple or [type(part) for part in key] != [tuple] * 3:
        raise BenchmarkError("its key is not (edges, ops, hiddens)")
    edges, ops, hiddens = key
    pairs = [edge for edge in edges[: MAX_EDGES + 1] if type(edge) is tuple and len(edge) == 2]
    if len(pairs) < len(edges) or len(edges) > MAX_EDGES or len(ops) > MAX_VERTICES:
        raise BenchmarkError("its edges or ops are malformed or too many")
    vertices = range(len(ops))
    nodes = vertices[len(SOURCES) :]
    numbers = [*ops, *hiddens[: len(ops)], *(end for pair in pairs for end in pair)]
    if not all(type(number) is int for number in numbers) or (
        any(op not in range(1, len(OPS)) for op in ops[len(SOURCES) :])
        or any(a not in vertices or b not in nodes for a, b in pairs)
        or any(hidden not in nodes for hidden in hiddens[: len(ops)])
        or len(set(hiddens[: len(ops)])) < len(hiddens)
    ):
        raise BenchmarkError("its edges, ops or hiddens are out of range")
    return cast(Compact, key)


def _recipe(key: Compact) -> tuple[Recipe, bool]:
    """Return the cell, and whether the order of its results is certain. Raises UserError."""
    if order_is_determined(key):
        return recipe_by_position(key), True
    cells = published_by_compact().get(key, ())
    if len(cells) > 1:
        raise BenchmarkError(f"its key stands for {len(cells)} different published cells")
    return (cells[0], True) if cells else (recipe_by_position(key), False)


def _run(name: str, recipe: Recipe, value: Any, epochs: int) -> TrainingRun:
    if type(value) is not Pairs or not all(type(field) is str for field, _ in value):
        raise BenchmarkError("its value is not a dictionary of losses")
    run = TrainingRun(architecture=recipe, name=name, **series_of_fields(dict(value)))
    last = [values[-1:] for _, values in run.recorded()]
    is_whole = run.length >= epochs and bool(np.isfinite(last).all())
    return run if is_whole else replace(run, status=BROKE_OFF)
