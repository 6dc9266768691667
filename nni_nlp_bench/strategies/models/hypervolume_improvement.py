"""Expected hypervolume improvement: exact for independent Gaussian objectives, known ones too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_LEAST_STD = 1e-9


def expected_hypervolume_improvement(
    mean: Array, std: Array, front: Array, reference: Array
) -> Array:
    """Return the expected hypervolume improvement of each candidate: higher is better.

    Emmerich, Deutz and Klinkenberg, 2011. The improvement is the volume of the part of the space
    that the front does not dominate and the candidate does. So its expectation is the sum over the
    cells of a grid, whose lines are the coordinates of the front, of the product over objectives of
    the integral of the probability that the candidate is below.

    Args:
        mean: Predicted losses (candidates, objectives): lower is better.
        std: Their standard deviations, 0 for values that are known.
        front: Losses of the front (points, objectives).
        reference: Reference point (objectives,).
    """
    lines = [
        np.unique(np.append(np.minimum(front[:, j], reference[j]), reference[j]))
        for j in range(len(reference))
    ]
    total = _free_cells(front, lines).astype(np.float64)
    # From the last objective to the first, a sum over the cells along that axis.
    for j in reversed(range(len(lines))):
        widths = _integrals(lines[j], mean[:, j], std[:, j])
        if j == len(lines) - 1:
            total = np.moveaxis(total @ widths.T, -1, 0)
        else:
            total = np.einsum("c...k,ck->c...", total, widths)
    return np.asarray(total)


def _free_cells(front: Array, lines: list[Array]) -> NDArray[np.bool_]:
    """Return which cells of the grid no point of the front dominates; the first cell of each axis
    lies below all lines."""
    dominated = np.zeros([len(line) for line in lines], dtype=np.bool_)
    inside = front[[all(p[j] < lines[j][-1] for j in range(len(lines))) for p in front]]
    starts = [
        np.searchsorted(line, inside[:, j]) + 1 for j, line in enumerate(lines)
    ]  # the cell above a line
    dominated[tuple(starts)] = True
    for axis in range(len(lines)):
        dominated = np.maximum.accumulate(dominated, axis=axis)
    return ~dominated


def _integrals(line: Array, mean: Array, std: Array) -> Array:
    """Return the integral of the probability to be below, for each candidate (row) and cell."""
    from scipy.stats import norm

    deviation = np.maximum(std, _LEAST_STD)[:, None]
    z = (line - mean[:, None]) / deviation
    below = deviation * (z * norm.cdf(z) + norm.pdf(z))
    return np.diff(below, axis=1, prepend=0.0)
