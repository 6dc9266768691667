"""A space cut to the architectures that a condition allows, such as at most 12 nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import ArchitectureError, UserError
from search_spaces.base import SearchSpace
from search_spaces.mapped_choices import MappedChoices


class ConstrainedSpace:
    """Every move of `space` stays where `allows` holds; other doors are its own.

    The condition may change. A move draws until one fits.
    """

    _samples = 1_000  # about ten seconds of a recurrent cell
    _edits = 100

    def __init__(self, space: SearchSpace[Any], allows: Callable[[Any], bool]) -> None:
        self.space = space
        self.allows = allows

    def __getattr__(self, door: str) -> Any:
        if door.startswith("__"):
            raise AttributeError(door)
        return getattr(self.space, door)

    def sample(self, rng: np.random.Generator) -> Any:
        """A random architecture within the bounds. Raises UserError where none is found."""
        drawn = (self.space.sample(rng) for _ in range(self._samples))
        fit = next((a for a in drawn if self.allows(a)), None)
        if fit is None:
            raise UserError(
                f"none of {self._samples:,} random architectures is within the bounds of the "
                "search space: widen them"
            )
        return fit

    def mutate(self, architecture: Any, rng: np.random.Generator) -> Any:
        """An architecture one edit away, or a random one where no edit seems to fit."""
        drawn = (self.space.mutate(architecture, rng) for _ in range(self._edits))
        return next((a for a in drawn if self.allows(a)), None) or self.sample(rng)

    def neighbours(self, architecture: Any) -> list[Any]:
        """All architectures one edit away that are within the bounds."""
        return [a for a in self.space.neighbours(architecture) if self.allows(a)]

    def choices(self, **options: Any) -> MappedChoices:
        """Those of the whole space. A sample beyond the bounds raises ArchitectureError."""
        return MappedChoices(self.space.choices(**options), self._within)

    def _within(self, architecture: Any) -> Any:
        if not self.allows(architecture):
            raise ArchitectureError("the sample is beyond the bounds of the search space")
        return architecture
