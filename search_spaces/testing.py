"""For tests of a space, this project's and yours. Needs pytest and hypothesis."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from search_spaces.base import Architecture, SearchSpace

A = TypeVar("A", bound=Architecture)
MAX_MUTATIONS = 5


def architectures(space: SearchSpace[A]) -> st.SearchStrategy[A]:
    """Hypothesis draws architectures: sampled ones, and what a few mutations make of them."""

    def walk(seed: int, steps: int) -> A:
        rng = np.random.default_rng(seed)
        architecture = space.sample(rng)
        for _ in range(steps):
            architecture = space.mutate(architecture, rng)
        return architecture

    return st.builds(walk, st.integers(0, 2**32 - 1), st.integers(0, MAX_MUTATIONS))
