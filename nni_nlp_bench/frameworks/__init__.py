"""Adapters to other frameworks: NNI, NASLib and Optuna.

`frameworks.nni`, `frameworks.naslib` and `frameworks.optuna` are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks import naslib, nni, optuna

__all__ = ["naslib", "nni", "optuna"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
