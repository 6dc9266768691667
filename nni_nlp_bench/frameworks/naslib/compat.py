"""Make NASLib's release of 2023 importable on a Python of today, on request only."""

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
"""Imported first, so that none of them meets a stand-in."""
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
class Replaced:
    """What `prepare` put in the place of something else."""

    stubs: tuple[str, ...]
    """Libraries that are missing, and that NASLib could import nevertheless."""
    repairs: tuple[str, ...]
    """Functions of NASLib that fail with the libraries of today."""

    def __str__(self) -> str:
        missing = ", ".join(self.stubs) or "none"
        return f"NASLib: stand-ins for {missing}; repaired {', '.join(self.repairs)}"


@cache
def prepare() -> Replaced:
    """Import NASLib, of `$NASLIB_HOME` or the import path, and repair it; once a process.

    Stand-ins are seen by NASLib alone, repairs are made in NASLib's own modules. Raises NaslibError
    where it is missing or another release.
    """
    folder = find_naslib()
    for name in _REAL:
        _import(name)
    with _restored_path(), _abstract_collections(), stubs() as made:
        sys.path.insert(0, str(folder.parent))
        repairs = [_repair_parameter_count(import_module("naslib.utils"))]
        for name in _MODULES:
            import_module(name)
    repairs += [
        _repair_squared(sys.modules[name])
        for name in ("naslib.utils.zerocost", "naslib.defaults.predictor_evaluator")
    ]
    return Replaced(tuple(sorted(made)), tuple(repairs))


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
    """NASLib puts its own folders on the import path, where its `utils` hides others'."""
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path


@contextmanager
def _abstract_collections() -> Iterator[None]:
    """`from collections import Iterable` works inside, as it did before Python 3.10."""
    collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del collections.Iterable  # type: ignore[attr-defined]


def _repair_parameter_count(utils: ModuleType) -> str:
    """NumPy 2 sums no generators. Optimizers take the function over when they are imported."""

    def count_parameters_in_MB(model: Any) -> float:  # noqa: N802  # NASLib's name
        parameters = model.named_parameters()
        return float(sum(p.numel() for name, p in parameters if "auxiliary" not in name)) / 1e6

    utils.count_parameters_in_MB = count_parameters_in_MB  # type: ignore[attr-defined]
    return "naslib.utils.count_parameters_in_MB"


def _repair_squared(module: ModuleType) -> str:
    """scikit-learn has no `squared=` any more; NASLib's metrics all became NaN by that."""
    metrics = module.metrics

    def mean_squared_error(true: Any, predicted: Any, squared: bool = True) -> float:
        measure: Callable[..., float] = (
            metrics.mean_squared_error if squared else metrics.root_mean_squared_error
        )
        return float(measure(true, predicted))

    module.metrics = SimpleNamespace(mean_squared_error=mean_squared_error)  # type: ignore[attr-defined]
    return f"mean_squared_error in {module.__name__}"
