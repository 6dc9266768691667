"""What architectures have in common as values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from nni_nlp_bench.core.errors import ArchitectureError

LARGEST_WIDTH = 1_000_000
_SHOWN_CHARACTERS = 60

V = TypeVar("V")


class BaseArchitecture(ABC):
    """Equal to others of its kind with equal parts or an equal canonical key."""

    @property
    @abstractmethod
    def parts(self) -> tuple[Any, ...]:
        """Its nodes or layers, in their own order: all that makes it what it is."""

    @cached_property
    @abstractmethod
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same architecture."""

    @abstractmethod
    def to_json(self) -> str:
        """Text that its kind reads back."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.parts == other.parts or self.canonical_key == other.canonical_key

    def __hash__(self) -> int:
        return int(self.canonical_key[:15], 16)

    def __str__(self) -> str:
        return self.to_json()


def check_widths(error: type[ArchitectureError], **widths: int) -> None:
    """Raises `error` for a width that no layer has."""
    for what, width in widths.items():
        if not 0 < width <= LARGEST_WIDTH:
            raise error(f"{what} must be between 1 and {LARGEST_WIDTH:,}, got {width}")


def read_choice(
    sample: Mapping[str, V], label: str, values: Sequence[V], error: type[ArchitectureError]
) -> V:
    """The value of a choice in a sample. Raises `error` where it lacks it or has another value."""
    if label not in sample:
        raise error(f"the sample lacks the choice {label!r}")
    value = sample[label]
    if value not in values:
        raise error(f"the choice {label!r} has no value {repr(value)[:_SHOWN_CHARACTERS]}")
    return value
