"""Statistics of a matrix that several scores share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-5


def spectrum_score(rows: NDArray[Any]) -> float:
    """Return -sum(log(v + k) + 1 / (v + k)) over the eigenvalues v of the rows' correlations.

    k = 1e-5. Highest if the rows are uncorrelated (J. Mellor et al., Neural Architecture Search
    without Training, first version). NaN if a row is constant or not finite.
    """
    correlations = _correlations(rows)
    if correlations is None:
        return float("nan")
    shifted = np.linalg.eigvalsh(correlations) + _TINY
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(-np.sum(np.log(shifted) + 1 / shifted))


def smallest_eigenvalue(rows: NDArray[Any]) -> float:
    """Return the smallest eigenvalue of the rows' correlations: 1 if they are uncorrelated."""
    correlations = _correlations(rows)
    return float("nan") if correlations is None else float(np.linalg.eigvalsh(correlations)[0])


def cosine_score(rows: NDArray[Any]) -> float:
    """Return 1 - mean(|cosine| ** (1 / 20)) / 2 over all pairs of rows; NaN for a row of zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and norms.all()):
        return float("nan")
    unit = rows / norms
    cosines = np.abs(unit @ unit.T)
    np.fill_diagonal(cosines, 0)
    count = len(rows)
    return float(1 - np.sum(cosines.astype(np.float64) ** (1 / 20)) / 2 / (count**2 - count))


def _correlations(rows: NDArray[Any]) -> NDArray[np.float64] | None:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        correlations = np.corrcoef(rows)
    return correlations if np.isfinite(correlations).all() else None
