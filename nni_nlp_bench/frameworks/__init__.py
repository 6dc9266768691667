"""Adapters to other frameworks: NNI, NASLib, Optuna, Syne Tune, NePS and SMAC3.

A framework's package, such as `frameworks.nni`, is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks import naslib, neps, nni, optuna, syne_tune

__all__ = ["naslib", "neps", "nni", "optuna", "syne_tune"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
