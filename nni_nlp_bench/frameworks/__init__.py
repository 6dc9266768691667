"""Adapters to other frameworks: NNI and NASLib.

`frameworks.nni` and `frameworks.naslib` are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks import naslib, nni

__all__ = ["naslib", "nni"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
