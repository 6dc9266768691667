"""Aggregation of runs by architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError


@dataclass(frozen=True)
class Cells:
    """Distinct cells, in the order of their canonical keys."""

    recipes: tuple[Any, ...]
    loss: NDArray[np.float64]
    """Mean over the runs with a finite loss; NaN if there are none."""
    diverged: NDArray[np.float64]
    """Fraction of runs without a finite loss."""


def cells_of_runs(recipes: Sequence[Any], losses: NDArray[np.float64]) -> Cells:
    """Aggregate one loss per run, not finite if it diverged. Raises BenchmarkError for no runs."""
    values = np.asarray(losses, dtype=np.float64)
    if not len(recipes) or values.shape != (len(recipes),):
        raise BenchmarkError(
            f"need one loss per recipe: {len(recipes)} recipes, {values.size} losses"
        )
    keys = [recipe.canonical_key for recipe in recipes]
    _, first, cell = np.unique(keys, return_index=True, return_inverse=True)
    finite = np.isfinite(values)
    runs, good = np.bincount(cell), np.bincount(cell, weights=finite)
    total = np.bincount(cell, weights=np.where(finite, values, 0))
    with np.errstate(invalid="ignore"):
        mean = np.where(good > 0, total / good, np.nan)
    return Cells(tuple(recipes[i] for i in first), mean, 1 - good / runs)
