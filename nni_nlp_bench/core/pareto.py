"""Pareto dominance and hypervolume of points whose coordinates are losses: lower is better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
"""Points (points, objectives)."""


def nondominated(points: ArrayLike) -> NDArray[np.bool_]:
    """Return which points no other one dominates; equal points do not dominate each other.

    >>> nondominated([[1.0, 3.0], [2.0, 2.0], [3.0, 2.0]]).tolist()
    [True, True, False]
    """
    found = np.asarray(points, dtype=np.float64)
    at_most = (found[:, None] <= found).all(axis=2)
    below = (found[:, None] < found).any(axis=2)
    return ~np.asarray((at_most & below).any(axis=0))


def pareto_ranks(points: ArrayLike) -> NDArray[np.intp]:
    """Return the front of each point: 0 if it is not dominated, 1 if only by those, and so on."""
    left = np.asarray(points, dtype=np.float64)
    ranks = np.zeros(len(left), dtype=np.intp)
    positions = np.arange(len(left))
    while len(positions):
        front = nondominated(left[positions])
        positions = positions[~front]
        ranks[positions] += 1
    return ranks


def crowding_distances(points: ArrayLike) -> NDArray[np.float64]:
    """Return the crowding distance of each point of one front (Deb et al., 2002).

    It is infinite for the best of each objective; larger is less crowded.
    """
    front = np.asarray(points, dtype=np.float64)
    distances = np.zeros(len(front))
    for values in front.T:
        order = np.argsort(values, kind="stable")
        distances[order[[0, -1]]] = np.inf
        if (spread := values[order[-1]] - values[order[0]]) > 0:
            distances[order[1:-1]] += (values[order[2:]] - values[order[:-2]]) / spread
    return distances


def best_position(points: ArrayLike) -> int:
    """Return the position of a point of the first front that is the least crowded in it."""
    found = np.asarray(points, dtype=np.float64)
    front = np.flatnonzero(nondominated(found))
    return int(front[np.argmax(crowding_distances(found[front]))])


def hypervolume(points: ArrayLike, reference: Sequence[float]) -> float:
    """Return the volume that the points dominate within the reference point, exactly.

    By slicing objectives (While et al., 2006): between two successive values of the last
    objective, the volume is that of the points so far, without that objective.

    >>> hypervolume([[1.0, 3.0], [2.0, 2.0]], (4.0, 4.0))
    5.0
    """
    corner = np.asarray(reference, dtype=np.float64)
    found = np.asarray(points, dtype=np.float64).reshape(-1, len(corner))
    found = found[(found < corner).all(axis=1)]
    return _volume(found[nondominated(found)], corner)


def _volume(points: Points, corner: Points) -> float:
    if not len(points):
        return 0.0
    if len(corner) == 1:
        return float(corner[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    heights = np.diff(points[:, -1], append=corner[-1])
    if len(corner) == 2:
        return float((corner[0] - np.minimum.accumulate(points[:, 0])) @ heights)
    return sum(
        float(height) * _volume(points[: i + 1, :-1], corner[:-1])
        for i, height in enumerate(heights)
        if height > 0
    )
