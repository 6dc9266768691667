"""Import NASLib's release of 2023 with current versions of Python and of its dependencies."""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

from nni_nlp_bench.frameworks.naslib.locate import NaslibError, find_naslib
from nni_nlp_bench.frameworks.naslib.stubs import stubs

_REAL = (
    "torch",
    "networkx",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.metrics",
    "sklearn.model_selection",
    "matplotlib.pyplot",
    "lightgbm",
    "tqdm",
    "fvcore.common.checkpoint",
    "fvcore.common.config",
    "fvcore.common.file_io",
)
"""Dependencies that are imported first, so that they do not import stubs."""
_MODULES = (
    "naslib.search_spaces.core.graph",
    "naslib.search_spaces.core.query_metrics",
    "naslib.optimizers",
    "naslib.predictors",
    "naslib.defaults.trainer",
    "naslib.defaults.predictor_evaluator",
    "naslib.evaluators.zc_evaluator",
)


@dataclass(frozen=True, slots=True)
class Patches:
    """Changes that `prepare` made to import NASLib."""

    stubs: tuple[str, ...]
    """Missing libraries that were replaced with stubs."""
    patched: tuple[str, ...]
    """Functions of NASLib that fail with current libraries and were replaced."""

    def __str__(self) -> str:
        missing = ", ".join(self.stubs) or "none"
        return f"NASLib: stubs for {missing}; patched {', '.join(self.patched)}"


@cache
def prepare() -> Patches:
    """Import NASLib from `$NASLIB_HOME` or the import path, and patch it, once per process.

    Only NASLib sees the stubs, and only modules of NASLib are patched.

    Raises:
        NaslibError: NASLib is missing, or another release.
    """
    folder = find_naslib()
    for name in _REAL:
        _import(name)
    with _restored_path(), _abstract_collections(), stubs() as made:
        sys.path.insert(0, str(folder.parent))
        patched = [_patch_parameter_count(import_module("naslib.utils"))]
        for name in _MODULES:
            import_module(name)
    patched += [
        _patch_mean_squared_error(sys.modules[name])
        for name in ("naslib.utils.zerocost", "naslib.defaults.predictor_evaluator")
    ]
    return Patches(tuple(sorted(made)), tuple(patched))


def _import(name: str) -> None:
    try:
        import_module(name)
    except ImportError:
        library = name.partition(".")[0]
        raise NaslibError(
            f"NASLib needs {library}: run `pip install 'nni-nlp-bench[naslib]'`"
        ) from None


@contextmanager
def _restored_path() -> Iterator[None]:
    """Restore `sys.path`: NASLib adds its own folders, whose `utils` hides other modules."""
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path


@contextmanager
def _abstract_collections() -> Iterator[None]:
    """Allow `from collections import Iterable` as before Python 3.10."""
    collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del collections.Iterable  # type: ignore[attr-defined]


def _patch_parameter_count(utils: ModuleType) -> str:
    """Replace a sum over a generator, which NumPy 2 rejects, before optimizers import it."""

    def count_parameters_in_MB(model: Any) -> float:  # noqa: N802  # NASLib's name
        parameters = model.named_parameters()
        return float(sum(p.numel() for name, p in parameters if "auxiliary" not in name)) / 1e6

    utils.count_parameters_in_MB = count_parameters_in_MB  # type: ignore[attr-defined]
    return "naslib.utils.count_parameters_in_MB"


def _patch_mean_squared_error(module: ModuleType) -> str:
    """Support `squared=`, which scikit-learn removed: all of NASLib's metrics would be NaN."""
    metrics = module.metrics

    def mean_squared_error(true: Any, predicted: Any, squared: bool = True) -> float:
        measure: Callable[..., float] = (
            metrics.mean_squared_error if squared else metrics.root_mean_squared_error
        )
        return float(measure(true, predicted))

    module.metrics = SimpleNamespace(mean_squared_error=mean_squared_error)  # type: ignore[attr-defined]
    return f"mean_squared_error in {module.__name__}"
