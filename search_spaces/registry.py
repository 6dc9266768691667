"""Find parts by name: those of this project and those that other packages add by entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from search_spaces.errors import UserError
from search_spaces.extras import optional_imports

T = TypeVar("T")


class UnknownNameError(UserError):
    """No part of this kind has that name; the message lists the names that exist."""


class DuplicateNameError(UserError):
    """Two parts of one kind claim the same name."""


class Registry(Generic[T]):
    """Named parts of one kind, read from the entry points of `group` at first use."""

    def __init__(self, kind: str, group: str) -> None:
        self.kind = kind
        self.group = group
        self._loaders: dict[str, Callable[[], T]] | None = None

    def register(self, name: str, part: T) -> None:
        """Add one part from running code. Raises DuplicateNameError."""
        self._add(self._load(), name, lambda: part)

    def get(self, name: str) -> T:
        """The part of that name. Raises UnknownNameError, MissingExtraError."""
        loaders = self._load()
        if name not in loaders:
            known = ", ".join(sorted(loaders)) or "none"
            raise UnknownNameError(f"unknown {self.kind} {name!r}; known: {known}")
        with optional_imports():
            return loaders[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._load()))

    def __contains__(self, name: str) -> bool:
        return name in self._load()

    def _load(self) -> dict[str, Callable[[], T]]:
        if self._loaders is None:
            loaders: dict[str, Callable[[], T]] = {}
            for entry in entry_points(group=self.group):
                self._add(loaders, entry.name, entry.load)
            self._loaders = loaders
        return self._loaders

    def _add(self, loaders: dict[str, Callable[[], T]], name: str, load: Callable[[], T]) -> None:
        if name in loaders:
            raise DuplicateNameError(f"the {self.kind} name {name!r} is already taken")
        loaders[name] = load
