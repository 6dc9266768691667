"""A space as categorical choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


class Choices(Protocol):
    """A space as categorical choices, for samplers that know nothing of architectures."""

    @property
    def categoricals(self) -> Mapping[str, Sequence[Any]]:
        """The values of each choice by its label: plain numbers and strings."""

    def to_sample(self, architecture: Any) -> dict[str, Any]:
        """Return a value of each choice, such that `from_sample` gives the architecture.

        Raises:
            ArchitectureError: The choices do not include the architecture.
        """

    def from_sample(self, sample: Mapping[str, Any]) -> Any:
        """Return the architecture of a value of each choice; other labels are ignored.

        Raises:
            ArchitectureError: A choice is missing or has another value.
        """


@runtime_checkable
class ConditionalChoices(Protocol):
    """Interface of choices of which some matter only for some values of earlier ones."""

    def is_active(self, label: str, sample: Mapping[str, Any]) -> bool:
        """Return whether `from_sample` reads a choice.

        Args:
            label: Label of the choice.
            sample: Values of the active choices before it, in the order of `categoricals`.
        """

    def parents(self, label: str) -> Sequence[str]:
        """Return the labels of the earlier choices that decide whether a choice is active.

        Where one of them is inactive, so is the choice; where all are active, `is_active` depends
        on their values alone.
        """


def active_sample(choices: Choices, sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a sample that `from_sample` reads; all of it if that is unknown."""
    if not isinstance(choices, ConditionalChoices):
        return dict(sample)
    active: dict[str, Any] = {}
    for label in choices.categoricals:
        if choices.is_active(label, active):
            active[label] = sample[label]
    return active


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

    def is_active(self, label: str, sample: Mapping[str, Any]) -> bool:
        """Return whether the choices of the whole space read a choice; True if that is unknown."""
        if not isinstance(self._choices, ConditionalChoices):
            return True
        return self._choices.is_active(label, sample)

    def parents(self, label: str) -> Sequence[str]:
        """Return the labels that decide whether a choice is active; none if that is unknown."""
        if not isinstance(self._choices, ConditionalChoices):
            return ()
        return self._choices.parents(label)
