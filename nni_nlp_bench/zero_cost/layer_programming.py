"""Dynamic programming over the layers of an architecture under a parameter budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class LayerOption(NamedTuple):
    """One form of a layer."""

    layer: Any
    parameters: int
    capacity: float


@dataclass(frozen=True, slots=True)
class GlobalChoice:
    """Everything of an architecture but the form of each layer."""

    count: int
    """Number of layers."""
    parameters: int
    """Number of parameters outside the layers."""
    options: Sequence[LayerOption]
    """Forms that each layer can have."""
    build: Callable[[Sequence[Any]], Any]
    """Makes an architecture of layers."""


def best_layers(options: Sequence[LayerOption], count: int, budget: int) -> list[LayerOption]:
    """Return the layers of the highest total capacity with at most `budget` parameters.

    The states of the dynamic program are the Pareto-optimal pairs of parameters and capacity that
    so many layers can have, so that the result is exact.

    Args:
        options: Forms of a layer, each usable any number of times.
        count: Number of layers.
        budget: Largest total number of parameters; `count` of the smallest options fit.
    """
    sizes = np.array([option.parameters for option in options])
    values = np.array([option.capacity for option in options])
    useful = _pareto_front(sizes, values)
    sizes, values = sizes[useful], values[useful]
    totals, capacities = np.zeros(1, np.int64), np.zeros(1)
    steps = []
    for placed in range(1, count + 1):
        size = (totals[:, None] + sizes).ravel()
        value = (capacities[:, None] + values).ravel()
        # What remains must leave room for the smallest layers.
        fits = np.flatnonzero(size <= budget - (count - placed) * sizes[0])
        kept = fits[_pareto_front(size[fits], value[fits])]
        totals, capacities = size[kept], value[kept]
        steps.append(np.divmod(kept, len(sizes)))
    chosen, state = [], len(totals) - 1
    for previous, option in reversed(steps):
        chosen.append(options[int(useful[option[state]])])
        state = int(previous[state])
    return chosen[::-1]


def _pareto_front(sizes: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the positions of the highest values of all that are no larger, by ascending size."""
    order = np.lexsort((-values, sizes))
    running = np.maximum.accumulate(values[order])
    front: NDArray[np.int64] = order[np.concatenate([[True], running[1:] > running[:-1]])]
    return front
