"""Categorical choices whose samples are mapped to other architectures, or to none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from search_spaces.base import Choices


class MappedChoices:
    """The choices of a space whose architectures are mapped by a function."""

    def __init__(self, choices: Choices, then: Callable[[Any], Any]) -> None:
        self._choices = choices
        self._then = then

    @property
    def categoricals(self) -> Mapping[str, Sequence[Any]]:
        """The values of each choice of the whole space by its label."""
        return self._choices.categoricals

    def to_sample(self, architecture: Any) -> dict[str, Any]:
        """Return the sample of an architecture. Raises ArchitectureError."""
        return self._choices.to_sample(architecture)

    def from_sample(self, sample: Mapping[str, Any]) -> Any:
        """Return `then` of the sample's architecture. Raises ArchitectureError."""
        return self._then(self._choices.from_sample(sample))
