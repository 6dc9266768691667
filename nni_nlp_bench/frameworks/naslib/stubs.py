"""Stand-ins, while NASLib is imported, for modules that it imports and a search never touches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from nni_nlp_bench.core.errors import UserError

UNUSED = (
    "ConfigSpace",
    "PIL",
    "emcee",
    "grakel",
    "graphviz",
    "nasbench_pytorch",
    "ngboost",
    "pybnn",
    "pyro",
    "pytorch_msssim",
    "seaborn",
    "six",
    "skimage",
    "tensorwatch",
    "torchvision",
    "transforms3d",
    "xgboost",
)
"""Images, plots, and predictors that need a library of their own."""


class MissingLibraryError(UserError):
    """What was called is of a library that is not installed."""


class _Absent(type):
    """A class of a missing library: it can be inherited from, and says so when it is called."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(f"{cls.__module__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        library = next(c.__module__ for c in reversed(cls.__mro__) if isinstance(c, _Absent))
        raise MissingLibraryError(
            f"{cls.__name__} needs {library.partition('.')[0]}: install it, then start again"
        )


def _absent(name: str) -> _Absent:
    module, _, own = name.rpartition(".")
    return _Absent(own, (), {"__module__": module})


class _StandIn(ModuleType):
    """A module whose every name is an absent class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(f"{self.__name__}.{name}")


class _Finder:
    """The last to be asked for a module: it makes those that nobody else has."""

    def __init__(self) -> None:
        self.made: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A stand-in where the library is one of the unused."""
        library = name.partition(".")[0]
        if library not in UNUSED:
            return None
        self.made.add(library)
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module."""
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


@contextmanager
def stubs() -> Iterator[set[str]]:
    """Inside, the unused libraries that are missing can be imported; gives those that were.

    Afterwards no other code can import a stand-in.
    """
    finder = _Finder()
    sys.meta_path.append(finder)
    try:
        yield finder.made
    finally:
        sys.meta_path.remove(finder)
        for name in [n for n, module in sys.modules.items() if isinstance(module, _StandIn)]:
            del sys.modules[name]
