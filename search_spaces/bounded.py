"""A space cut to ranges of its descriptors, such as at most 12 nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search_spaces.base import Choices, SearchSpace
from search_spaces.errors import ArchitectureError, UserError

Descriptor = int | float | str


@dataclass(frozen=True)
class Bounds:
    """What each descriptor may be: a closed range (low, high), or one of several values."""

    ranges: Mapping[str, tuple[float, float]]
    values: Mapping[str, frozenset[Descriptor]]

    def allow(self, descriptors: Mapping[str, Descriptor]) -> bool:
        """Whether every descriptor is within its bounds. Raises UserError for an unknown name."""
        for name in (*self.ranges, *self.values):
            if name not in descriptors:
                known = ", ".join(descriptors)
                raise UserError(f"the search space bounds {name!r}, which is none of: {known}")
        return all(
            low <= float(descriptors[name]) <= high for name, (low, high) in self.ranges.items()
        ) and all(descriptors[name] in values for name, values in self.values.items())


UNBOUNDED = Bounds({}, {})


class BoundedSpace:
    """Every move of `space` stays within `bounds`, which may change; other doors are its own.

    A move draws until one fits.
    """

    _samples = 10_000
    _edits = 100

    def __init__(self, space: SearchSpace[Any], bounds: Bounds) -> None:
        self.space = space
        self.bounds = bounds

    def __getattr__(self, door: str) -> Any:
        if door.startswith("__"):
            raise AttributeError(door)
        return getattr(self.space, door)

    def allows(self, architecture: Any) -> bool:
        """Whether an architecture is within the bounds."""
        return self.bounds.allow(self.space.describe(architecture))

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
