"""Categorical choices whose samples stand for other architectures, or for none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from search_spaces.base import Choices


class MappedChoices:
    """The choices of a space, where the architecture of every sample goes through `then`."""

    def __init__(self, choices: Choices, then: Callable[[Any], Any]) -> None:
        self._choices = choices
        self._then = then

    @property
    def categoricals(self) -> Mapping[str, Sequence[Any]]:
        """Label -> values, those of the whole space."""
        return self._choices.categoricals

    def to_sample(self, architecture: Any) -> dict[str, Any]:
        """The sample of an architecture."""
        return self._choices.to_sample(architecture)

    def from_sample(self, sample: Mapping[str, Any]) -> Any:
        """What `then` makes of the sample's architecture. Raises ArchitectureError."""
        return self._then(self._choices.from_sample(sample))
