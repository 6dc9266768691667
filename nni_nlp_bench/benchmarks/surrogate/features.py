"""Features of surrogates.

Those of cells describe graph, asymptotics and untrained dynamics. Those of other spaces are the
space's encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.environment import available_cpus
from search_spaces.base import get_space
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.features.asymptotics import growth
from search_spaces.rnn_cell.features.graph import structure
from search_spaces.rnn_cell.features.untrained_dynamics import (
    FIXED_POINT,
    SINGLE_PRECISION,
    Simulation,
    behaviour,
)
from search_spaces.rnn_cell.published import named_recipe

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

CELLS = "rnn_cell"
"""The space of recurrent cells."""
DEFAULT_SIMULATION = "fixed point"
SIMULATIONS: Mapping[str, Simulation] = {
    DEFAULT_SIMULATION: FIXED_POINT,
    "single precision": SINGLE_PRECISION,
}
"""Simulations of untrained cells, by name."""
BATCH = 64
WORTH_PROCESSES = 4 * BATCH
"""Fewer cells are faster in one process than starting others."""


def features(
    recipes: Sequence[Any],
    workers: int | None = None,
    space: str = CELLS,
    simulation: str = DEFAULT_SIMULATION,
) -> NDArray[np.float64]:
    """Return finite features (cells, features), with the columns `feature_names` or of the space.

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
        encode = get_space(space).encode
        yield from (np.array([encode(recipe) for recipe in batch]) for batch in batches)
    elif workers == 1 or len(recipes) < WORTH_PROCESSES:
        yield from (_features(batch, simulation) for batch in batches)
    else:
        from joblib import Parallel, delayed

        tasks = (delayed(_features)(batch, simulation) for batch in batches)
        yield from Parallel(n_jobs=workers, return_as="generator")(tasks)


@cache
def feature_names(simulation: str = DEFAULT_SIMULATION) -> tuple[str, ...]:
    """Return the names of the columns."""
    return tuple(_of_cell(named_recipe("rnn"), SIMULATIONS[simulation]))


def _features(recipes: Sequence[Recipe], simulation: str) -> NDArray[np.float64]:
    with single_thread():
        rows = [list(_of_cell(recipe, SIMULATIONS[simulation]).values()) for recipe in recipes]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(feature_names()))


def single_thread() -> AbstractContextManager[object]:
    """Return a context of one thread: with matrices this small, more would be slower."""
    limited: AbstractContextManager[object] = _thread_pools().limit(limits=1)
    return limited


@cache
def _thread_pools() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _of_cell(recipe: Recipe, simulation: Simulation) -> dict[str, float]:
    return structure(recipe) | growth(recipe) | behaviour(recipe, simulation)
