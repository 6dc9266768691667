"""Features of surrogates.

Those of cells describe graph, asymptotics and untrained dynamics. Those of other spaces are the
space's encoding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
CELLS_A_TASK = 64
WORTH_PROCESSES = 4 * CELLS_A_TASK
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
    if space != CELLS:
        encode = get_space(space).encode
        return np.array([encode(architecture) for architecture in recipes])
    workers = workers or available_cpus()
    if workers == 1 or len(recipes) < WORTH_PROCESSES:
        return _features(recipes, simulation)
    from joblib import Parallel, delayed

    tasks = [recipes[i : i + CELLS_A_TASK] for i in range(0, len(recipes), CELLS_A_TASK)]
    return np.concatenate(
        Parallel(n_jobs=workers)(delayed(_features)(task, simulation) for task in tasks)
    )


@cache
def feature_names(simulation: str = DEFAULT_SIMULATION) -> tuple[str, ...]:
    """Return the names of the columns."""
    return tuple(_of_cell(named_recipe("rnn"), SIMULATIONS[simulation]))


def _features(recipes: Sequence[Recipe], simulation: str) -> NDArray[np.float64]:
    # The matrices are small: more threads would be slower.
    with _thread_pools().limit(limits=1):
        rows = [list(_of_cell(recipe, SIMULATIONS[simulation]).values()) for recipe in recipes]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(feature_names()))


@cache
def _thread_pools() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _of_cell(recipe: Recipe, simulation: Simulation) -> dict[str, float]:
    return structure(recipe) | growth(recipe) | behaviour(recipe, simulation)
