"""Densities of samples of categorical choices, of which some are conditional."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.strategies.models.choice_samples import INACTIVE, Indices, draw_positions

Array = NDArray[np.float64]


def uniform(sizes: NDArray[np.int64]) -> Array:
    """Return uniform probabilities (choices, values); 0 for values beyond `sizes`."""
    allowed = np.arange(sizes.max()) < sizes[:, None]
    return allowed / sizes[:, None]


def estimate(rows: Indices, prior: Array, weight: float) -> Array:
    """Return the probabilities (choices, values) of each choice among the samples that need it.

    Args:
        rows: Samples (samples, choices), see `ChoiceEncoder`.
        prior: Probabilities (choices, values).
        weight: Number of observations that the prior counts for.
    """
    counts = weight * prior
    for choice, column in enumerate(rows.T):
        counts[choice] += np.bincount(column[column != INACTIVE], minlength=prior.shape[1])
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def log_density(rows: Indices, probabilities: Array) -> Array:
    """Return the log density of each sample (samples,): the sum over the choices that it needs."""
    active = rows != INACTIVE
    taken = probabilities[np.arange(rows.shape[1]), np.where(active, rows, 0)]
    return np.asarray(np.log(taken, where=active, out=np.zeros(rows.shape)).sum(axis=1))


def redraw(row: Indices, prior: Array, changes: float, rng: np.random.Generator) -> Indices:
    """Return a sample with some of its choices drawn from the prior, and a value of every choice.

    Args:
        row: A sample (choices,).
        prior: Probabilities (choices, values).
        changes: Number of choices that are drawn on average, at most half of those that it needs.
        rng: Source of randomness.
    """
    active = row != INACTIVE
    redrawn = ~active | (rng.random(len(row)) < min(0.5, changes / max(active.sum(), 1)))
    return np.where(redrawn, draw_positions(prior, rng), row)
