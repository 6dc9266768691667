"""A space restricted by a condition, such as at most 12 nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import ArchitectureError, UserError
from search_spaces.base import SearchSpace
from search_spaces.choices import MappedChoices
from search_spaces.wrapper import WrapperSpace


class ConstrainedSpace(WrapperSpace):
    """The architectures of `space` that meet a condition; other methods are those of `space`.

    Samples and mutations are drawn until one meets it.

    Args:
        space: The space of the architectures.
        allows: The condition, which may change.
    """

    _samples = 1_000  # about ten seconds of a recurrent cell
    _edits = 100

    def __init__(self, space: SearchSpace[Any], allows: Callable[[Any], bool]) -> None:
        super().__init__(space)
        self.allows = allows

    @property
    def table(self) -> list[Any] | None:
        """The architectures of the table, if there is one, that meet the condition."""
        held = self.space.table
        return None if held is None else [a for a in held if self.allows(a)]

    def sample(self, rng: np.random.Generator) -> Any:
        """Return a random architecture within the bounds. Raises UserError if none is found."""
        drawn = (self.space.sample(rng) for _ in range(self._samples))
        fit = next((a for a in drawn if self.allows(a)), None)
        if fit is None:
            raise UserError(
                f"none of {self._samples:,} random architectures is within the bounds of the "
                "search space: widen them"
            )
        return fit

    def mutate(self, architecture: Any, rng: np.random.Generator) -> Any:
        """Return an architecture one edit away, or a random one if no edit seems to fit."""
        drawn = (self.space.mutate(architecture, rng) for _ in range(self._edits))
        return next((a for a in drawn if self.allows(a)), None) or self.sample(rng)

    def neighbours(self, architecture: Any) -> list[Any]:
        """Return all architectures one edit away that are within the bounds."""
        return [a for a in self.space.neighbours(architecture) if self.allows(a)]

    def choices(self, **options: Any) -> MappedChoices:
        """Return those of the whole space. Samples beyond the bounds raise ArchitectureError."""
        return MappedChoices(self.space.choices(**options), self._within)

    def _within(self, architecture: Any) -> Any:
        if not self.allows(architecture):
            raise ArchitectureError("the sample is beyond the bounds of the search space")
        return architecture
