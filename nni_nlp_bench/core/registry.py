"""Components by name: the built-in ones and those that other packages add as entry points."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pkgutil import resolve_name
from typing import Generic, TypeVar

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import MissingExtraError, optional_imports

T = TypeVar("T")


class UnknownNameError(UserError):
    """No component of this kind has that name; the message lists the known names."""


class DuplicateNameError(UserError):
    """Two components of one kind claim the same name."""


class PluginError(UserError):
    """A component of another package cannot be imported."""


class PluginWarning(UserWarning):
    """A component of another package was skipped."""


class Registry(Generic[T]):
    """Named components of one kind; each is imported at its first use.

    Args:
        kind: What the components are, for messages.
        group: Entry points of this group are components of other packages.
        builtin: `module:object` of each built-in component, by name.
        descriptions: First lines of docstrings, for components that are slow to import.
        requires: Attributes that every component has, checked for those of other packages.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        builtin: Mapping[str, str] | None = None,
        descriptions: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.group = group
        self._builtin = builtin or {}
        self._descriptions = descriptions or {}
        self._requires = requires
        self._loaders: dict[str, Callable[[], T]] | None = None

    def register(self, name: str, component: T) -> None:
        """Add one component from running code. Raises DuplicateNameError."""
        loaders = self._load()
        if name in loaders:
            raise DuplicateNameError(f"the {self.kind} name {name!r} is already taken")
        loaders[name] = lambda: component

    def get(self, name: str) -> T:
        """Return the component of that name.

        Raises:
            UnknownNameError: No component has that name.
            MissingExtraError: It needs an optional library that is not installed.
            PluginError: It belongs to another package and cannot be imported.
        """
        loaders = self._load()
        if name not in loaders:
            known = ", ".join(sorted(loaders)) or "none"
            raise UnknownNameError(f"unknown {self.kind} {name!r}; known: {known}")
        with optional_imports():
            return loaders[name]()

    def describe(self, name: str) -> str:
        """Return the first line of the component's docstring. Raises as `get`."""
        if name in self._descriptions:
            return self._descriptions[name]
        return (self.get(name).__doc__ or "").partition("\n")[0]

    def items(self) -> Iterator[tuple[str, T]]:
        """Iterate over all names and components, sorted by name.

        A component of another package that cannot be imported is skipped with a PluginWarning.
        """
        for name in self:
            try:
                yield name, self.get(name)
            except PluginError as error:
                warnings.warn(f"skipped: {error}", PluginWarning, stacklevel=2)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._load()))

    def __contains__(self, name: str) -> bool:
        return name in self._load()

    def _load(self) -> dict[str, Callable[[], T]]:
        if self._loaders is None:
            self._loaders = {name: _Builtin(path) for name, path in self._builtin.items()}
            for entry in entry_points(group=self.group):
                self._add_plugin(self._loaders, entry)
        return self._loaders

    def _add_plugin(self, loaders: dict[str, Callable[[], T]], entry: EntryPoint) -> None:
        if entry.name in loaders:
            warnings.warn(
                f"skipped: the {self.kind} name {entry.name!r} of {_origin(entry)} is already "
                "taken",
                PluginWarning,
                stacklevel=2,
            )
            return
        loaders[entry.name] = lambda: self._load_plugin(entry)

    def _load_plugin(self, entry: EntryPoint) -> T:
        try:
            with optional_imports():
                component: T = entry.load()
        except MissingExtraError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"{self.kind} {entry.name!r} of {_origin(entry)} cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
        if missing := [name for name in self._requires if not hasattr(component, name)]:
            raise PluginError(
                f"{entry.name!r} of {_origin(entry)} is not a {self.kind}: it has no {missing[0]!r}"
            )
        return component


class _Builtin(Generic[T]):
    """Imports `module:object` when it is called."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self) -> T:
        component: T = resolve_name(self._path)
        return component


def _origin(entry: EntryPoint) -> str:
    """The package and the entry point, for messages."""
    package = entry.dist.name if entry.dist is not None else "an unknown package"
    return f"package {package!r} (entry point {entry.value!r})"
