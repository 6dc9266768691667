"""Features of surrogates in batches, by several processes for large numbers of cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.environment import available_cpus
from search_spaces.registry import get_space
from search_spaces.rnn_cell.features.table import DEFAULT_SIMULATION, cell_features

CELLS = "rnn_cell"
"""The space of recurrent cells."""
BATCH = 64
WORTH_PROCESSES = 4 * BATCH
"""Fewer cells are faster in one process than starting others."""


def features(
    recipes: Sequence[Any],
    workers: int | None = None,
    space: str = CELLS,
    simulation: str = DEFAULT_SIMULATION,
) -> NDArray[np.float64]:
    """Return finite features (cells, features) of architectures of a space.

    `workers` is the number of processes for a large batch, by default all available CPUs.
    """
    return np.concatenate(list(feature_batches(recipes, workers, space, simulation)))


def feature_batches(
    recipes: Sequence[Any],
    workers: int | None = None,
    space: str = CELLS,
    simulation: str = DEFAULT_SIMULATION,
) -> Iterator[NDArray[np.float64]]:
    """Yield the rows of `features` in batches, in order, while others are still computed."""
    starts = range(0, max(len(recipes), 1), BATCH)
    batches = [recipes[start : start + BATCH] for start in starts]
    workers = workers or available_cpus()
    if space != CELLS:
        yield from map(get_space(space).features, batches)
    elif workers == 1 or len(recipes) < WORTH_PROCESSES:
        yield from (cell_features(batch, simulation) for batch in batches)
    else:
        from joblib import Parallel, delayed

        tasks = (delayed(cell_features)(batch, simulation) for batch in batches)
        yield from Parallel(n_jobs=workers, return_as="generator")(tasks)
