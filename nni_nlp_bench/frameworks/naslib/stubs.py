"""Stubs of libraries that NASLib imports but does not use in searches."""

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
"""Libraries for images, plots, and predictors that are not used by default."""


class MissingLibraryError(UserError):
    """A library that is not installed was used."""


class _Missing(type):
    """Metaclass of stub classes: they can be inherited from, and raise an error when called."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _missing(f"{cls.__module__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        library = next(c.__module__ for c in reversed(cls.__mro__) if isinstance(c, _Missing))
        raise MissingLibraryError(
            f"{cls.__name__} needs {library.partition('.')[0]}: install it, then start again"
        )


def _missing(name: str) -> _Missing:
    module, _, class_name = name.rpartition(".")
    return _Missing(class_name, (), {"__module__": module})


class _StubModule(ModuleType):
    """Module whose attributes are stub classes."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _missing(f"{self.__name__}.{name}")


class _Finder:
    """Meta path finder that creates stubs for missing libraries; the last one in the path."""

    def __init__(self) -> None:
        self.made: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a stub if the library is one of `UNUSED`."""
        library = name.partition(".")[0]
        if library not in UNUSED:
            return None
        self.made.add(library)
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a stub module."""
        return _StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing."""


@contextmanager
def stubs() -> Iterator[set[str]]:
    """Allow imports of missing libraries of `UNUSED`; yield the set of those that were imported.

    The stubs are removed from `sys.modules` at the end.
    """
    finder = _Finder()
    sys.meta_path.append(finder)
    try:
        yield finder.made
    finally:
        sys.meta_path.remove(finder)
        for name in [n for n, module in sys.modules.items() if isinstance(module, _StubModule)]:
            del sys.modules[name]
