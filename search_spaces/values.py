"""What architectures have in common as values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from search_spaces.errors import ArchitectureError

LARGEST_WIDTH = 1_000_000


class CellValue(ABC):
    """A recurrent cell: equal to others of its kind with equal nodes or an equal canonical key."""

    nodes: tuple[Any, ...]

    @cached_property
    @abstractmethod
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same cell."""

    @abstractmethod
    def to_json(self) -> str:
        """Text that its kind reads back."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.nodes == other.nodes or self.canonical_key == other.canonical_key

    def __hash__(self) -> int:
        return int(self.canonical_key[:15], 16)

    def __str__(self) -> str:
        return self.to_json()


def check_widths(input_size: int, hidden_size: int, error: type[ArchitectureError]) -> None:
    """Raises `error` for a width that no layer has."""
    for what, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not 0 < size <= LARGEST_WIDTH:
            raise error(f"{what} must be between 1 and {LARGEST_WIDTH:,}, got {size}")
