"""Models of the training time per epoch.

The published PTB results have no times, so the seconds are those of the WikiText-2 logs,
scaled by the number of training tokens. They are valid for the GPUs of those logs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from search_spaces.registry import get_space
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.validity import ACTIVATIONS

PTB_TRAINING_TOKENS = 929_589
WIKITEXT_2_TRAINING_TOKENS = 2_088_628
"""Numbers of tokens, including end-of-sentence tokens."""


class Time(Protocol):
    """Interface of models of the training time."""

    def seconds_per_epoch(self, recipes: Sequence[Any]) -> NDArray[np.float64]:
        """Return the predicted seconds per epoch of each architecture."""


@dataclass(frozen=True)
class EncodedTime:
    """Seconds per epoch as a linear function of the space's `counts` encoding."""

    space: str
    parts: tuple[float, ...]

    @classmethod
    def fit(
        cls, space: str, architectures: Sequence[Any], seconds: NDArray[np.float64]
    ) -> EncodedTime:
        """Fit as `TrainingTime.fit`; all NaN if a time is unknown."""
        counts = _counts(space, architectures)
        if not np.isfinite(seconds).all():
            return cls(space, (math.nan,) * counts.shape[1])
        return cls(space, _parts_of_seconds(counts, seconds))

    def seconds_per_epoch(self, recipes: Sequence[Any]) -> NDArray[np.float64]:
        """Return the predicted seconds per epoch of each architecture."""
        return _sums(_counts(self.space, recipes), self.parts)


@dataclass(frozen=True)
class TrainingTime:
    """Seconds per epoch as a sum over the operations of a cell."""

    skeleton_s: float
    """Embedding, decoder and optimiser."""
    state_s: float
    linear_s: float
    """Bias and bookkeeping of one linear node."""
    trained_matrix_s: float
    """One matrix that reads x."""
    frozen_matrix_s: float
    """One other matrix, which has weight dropout."""
    activation_s: float
    join_s: float
    """One sum or product of two values."""
    blend_s: float

    @classmethod
    def fit(cls, recipes: Sequence[Recipe], seconds: NDArray[np.float64]) -> TrainingTime:
        """Fit non-negative parts by least absolute relative errors, robust to slow machines.

        `seconds` per epoch, one for each recipe.
        """
        return cls(*_parts_of_seconds(_parts(recipes), seconds))

    def scaled(self, factor: float) -> TrainingTime:
        """Return the model with all parts multiplied by a factor."""
        return TrainingTime(*(factor * part for part in astuple(self)))

    def seconds_per_epoch(self, recipes: Sequence[Recipe]) -> NDArray[np.float64]:
        """Return the predicted seconds per epoch of each recipe."""
        return _sums(_parts(recipes), astuple(self))


WIKITEXT_2_TIME = TrainingTime(
    skeleton_s=30.02,
    state_s=11.62,
    linear_s=6.63,
    trained_matrix_s=40.06,
    frozen_matrix_s=37.04,
    activation_s=12.79,
    join_s=11.51,
    blend_s=50.29,
)
"""`TrainingTime.fit` on the median epoch of the 345 published logs; median error 1.8 %."""
PTB_TIME = WIKITEXT_2_TIME.scaled(PTB_TRAINING_TOKENS / WIKITEXT_2_TRAINING_TOKENS)


def _sums(counts: NDArray[np.float64], parts: Sequence[float]) -> NDArray[np.float64]:
    """Return the seconds in microseconds' precision, the same on every machine."""
    return np.asarray(np.round(counts @ np.array(parts), 6))


def _parts_of_seconds(
    counts: NDArray[np.float64], seconds: NDArray[np.float64]
) -> tuple[float, ...]:
    from scipy.optimize import linprog

    relative = counts / np.asarray(seconds)[:, None]
    cells, parts = relative.shape
    ones, slack = np.ones(cells), -np.eye(cells)
    found = linprog(
        np.concatenate([np.zeros(parts), ones]),
        A_ub=np.block([[relative, slack], [-relative, slack]]),
        b_ub=np.concatenate([ones, -ones]),
    )
    return tuple(found.x[:parts].tolist())


def _counts(space: str, architectures: Sequence[Any]) -> NDArray[np.float64]:
    encode = get_space(space).encode
    return np.array([[1.0, *encode(architecture, "counts")] for architecture in architectures])


def _parts(recipes: Sequence[Recipe]) -> NDArray[np.float64]:
    """Return counts (cells, parts), in the order of TrainingTime's fields."""
    return np.array([_parts_of(recipe) for recipe in recipes], dtype=np.float64).reshape(-1, 8)


def _parts_of(recipe: Recipe) -> tuple[int, ...]:
    linear = [node.inputs for node in recipe.nodes if node.op == "linear"]
    trained = sum(inputs.count("x") for inputs in linear)
    ops = [node.op for node in recipe.nodes]
    joins = ("elementwise_sum", "elementwise_prod")
    return (
        1,
        recipe.hidden_states,
        len(linear),
        trained,
        sum(map(len, linear)) - trained,
        sum(op in ACTIVATIONS for op in ops),
        sum(len(node.inputs) - 1 for node in recipe.nodes if node.op in joins),
        ops.count("blend"),
    )
