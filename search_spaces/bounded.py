"""A space cut to the architectures that a condition allows, such as at most 12 nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from search_spaces.base import Choices, SearchSpace
from search_spaces.errors import ArchitectureError, UserError


class BoundedSpace:
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

    def choices(self, **options: Any) -> BoundedChoices:
        """The categorical choices of the whole space."""
        return BoundedChoices(self.space.choices(**options), self)


class BoundedChoices:
    """Categorical choices of which a sample beyond the bounds is no architecture."""

    def __init__(self, choices: Choices, space: BoundedSpace) -> None:
        self._choices = choices
        self._space = space

    @property
    def categoricals(self) -> Mapping[str, Sequence[Any]]:
        """Label -> values, those of the whole space."""
        return self._choices.categoricals

    def to_sample(self, architecture: Any) -> dict[str, Any]:
        """The sample of an architecture."""
        return self._choices.to_sample(architecture)

    def from_sample(self, sample: Mapping[str, Any]) -> Any:
        """The architecture of a sample. Raises ArchitectureError beyond the bounds too."""
        architecture = self._choices.from_sample(sample)
        if not self._space.allows(architecture):
            raise ArchitectureError("the sample is beyond the bounds of the search space")
        return architecture
