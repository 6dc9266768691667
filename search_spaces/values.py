"""Base class of architectures, and checks of texts and numbers that all of them use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from hashlib import blake2b
from typing import Any, Self, TypeVar

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.core.parse_json import parse_json

LARGEST_WIDTH = 1_000_000
MAX_JSON_CHARACTERS = 10_000
_SHOWN_CHARACTERS = 60

V = TypeVar("V")


class BaseArchitecture(ABC):
    """Base class of architectures: immutable, hashable, equal exactly if they are the same network.

    A subclass is a frozen dataclass with `eq=False`, so that equality and hash stay those of this
    class:

    >>> @dataclass(frozen=True, eq=False)
    ... class Stack(BaseArchitecture):
    ...     ops: tuple[str, ...]
    ...
    ...     @classmethod
    ...     def from_json(cls, text: str) -> Stack:
    ...         value = read_json(text, "a stack", '{"ops": [...]}', ArchitectureError)
    ...         return cls(tuple(value["ops"]))
    ...
    ...     def to_json(self) -> str:
    ...         return json.dumps({"ops": self.ops})
    """

    @classmethod
    @abstractmethod
    def from_json(cls, text: str) -> Self:
        """Return the architecture that `to_json` wrote.

        Raises:
            ArchitectureError: The text is no architecture; the message is one line.
        """

    @abstractmethod
    def to_json(self) -> str:
        """Return JSON text, an object at its top, that `from_json` reads back."""

    @property
    def parts(self) -> tuple[Any, ...]:
        """The values of its fields. Architectures with equal parts are equal."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    @cached_property
    def canonical_key(self) -> str:
        """Identity: 32 hex digits, equal exactly for equal architectures.

        By default a digest of its parts. Override it if different parts can make the same network.
        """
        return digest(self.parts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.parts == other.parts or self.canonical_key == other.canonical_key

    def __hash__(self) -> int:
        return int(self.canonical_key[:15], 16)

    def __str__(self) -> str:
        return self.to_json()


def digest(value: Any) -> str:
    """Return 32 hex digits for a value of numbers, strings and tuples, the same in any process."""
    return blake2b(repr(value).encode(), digest_size=16).hexdigest()


def read_json(
    text: str,
    what: str,
    form: str,
    error: type[ArchitectureError],
    max_characters: int = MAX_JSON_CHARACTERS,
) -> dict[str, Any]:
    """Return the JSON object in a text.

    Args:
        text: JSON, at most `max_characters` long.
        what: What the text should be, for messages, such as "a cell".
        form: An example, for messages.
        error: Raised for any other text.
    """
    if len(text) > max_characters:
        raise error(f"{what} has at most {max_characters:,} characters of JSON")
    try:
        value = parse_json(text)
    except ValueError as cause:
        raise error(f"{what} must be JSON text: {cause}") from None
    if not isinstance(value, dict):
        raise error(f"{what} must look like {form}")
    return value


def check_widths(error: type[ArchitectureError], **widths: int) -> None:
    """Raise `error` for a width that no layer has."""
    for what, width in widths.items():
        if not 0 < width <= LARGEST_WIDTH:
            raise error(f"{what} must be between 1 and {LARGEST_WIDTH:,}, got {width}")


def complete_sizes(
    size: Mapping[str, int], defaults: Mapping[str, int], error: type[ArchitectureError]
) -> dict[str, int]:
    """Return the sizes of a network, defaults included. Raise `error` for an unknown size."""
    for name in size:
        if name not in defaults:
            raise error(f"unknown size {name[:_SHOWN_CHARACTERS]!r}; known: {', '.join(defaults)}")
    return {**defaults, **size}


def read_choice(
    sample: Mapping[str, V], label: str, values: Sequence[V], error: type[ArchitectureError]
) -> V:
    """Return the value of a choice in a sample. Raise `error` if it is missing or not allowed."""
    if label not in sample:
        raise error(f"the sample lacks the choice {label!r}")
    value = sample[label]
    if value not in values:
        raise error(f"the choice {label!r} has no value {repr(value)[:_SHOWN_CHARACTERS]}")
    return value
