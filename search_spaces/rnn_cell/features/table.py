"""All features of cells as a table: graph, asymptotics and untrained dynamics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.environment import single_thread
from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.features.asymptotics import growth
from search_spaces.rnn_cell.features.graph import structure
from search_spaces.rnn_cell.features.untrained_dynamics import (
    FIXED_POINT,
    SINGLE_PRECISION,
    Simulation,
    behaviour,
)
from search_spaces.rnn_cell.published import named_recipe

DEFAULT_SIMULATION = "fixed point"
SIMULATIONS: Mapping[str, Simulation] = {
    DEFAULT_SIMULATION: FIXED_POINT,
    "single precision": SINGLE_PRECISION,
}
"""Simulations of untrained cells, by name."""


def cell_features(
    recipes: Sequence[Recipe], simulation: str = DEFAULT_SIMULATION
) -> NDArray[np.float64]:
    """Return finite features (cells, features), with the columns `feature_names`."""
    with single_thread():
        rows = [list(_of_cell(recipe, SIMULATIONS[simulation]).values()) for recipe in recipes]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(feature_names()))


@cache
def feature_names(simulation: str = DEFAULT_SIMULATION) -> tuple[str, ...]:
    """Return the names of the columns."""
    return tuple(_of_cell(named_recipe("rnn"), SIMULATIONS[simulation]))


def _of_cell(recipe: Recipe, simulation: Simulation) -> dict[str, float]:
    return structure(recipe) | growth(recipe) | behaviour(recipe, simulation)
