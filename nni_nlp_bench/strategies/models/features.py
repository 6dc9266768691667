"""Features of architectures for models of scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.models.gaussian_process import spread
from search_spaces.base import SearchSpace

Array = NDArray[np.float64]
_SAMPLES = 200


class FeatureEncoder:
    """The `counts` encoding of a space, or its first principal components.

    The components are fitted to random architectures, with standardized columns.

    Args:
        space: The search space.
        components: Number of principal components; None for the encoding itself.
        rng: Source of the random architectures.

    Raises:
        UserError: There are fewer features than components.
    """

    def __init__(
        self, space: SearchSpace[Any], components: int | None, rng: np.random.Generator
    ) -> None:
        self._space = space
        self._axes: Array | None = None
        if components is None:
            return
        counts = np.stack([self._counts(space.sample(rng)) for _ in range(_SAMPLES)])
        if not 1 <= components <= counts.shape[1]:
            raise UserError(
                f"{components} components of {counts.shape[1]} features: give fewer, at least one"
            )
        self._centre, scale = counts.mean(axis=0), spread(counts)
        _, _, axes = np.linalg.svd((counts - self._centre) / scale, full_matrices=False)
        self._axes = axes[:components].T / scale[:, None]

    def transform(self, architecture: Any) -> Array:
        """Return the feature vector, equal for equal architectures."""
        counts = self._counts(architecture)
        return counts if self._axes is None else np.asarray((counts - self._centre) @ self._axes)

    def _counts(self, architecture: Any) -> Array:
        return self._space.encode(architecture, "counts")
