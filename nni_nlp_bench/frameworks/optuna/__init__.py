"""Optuna and OptunaHub: benchmarks as objectives, strategies as samplers, samplers as strategies.

Optuna is imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.extras import optional_imports

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks.optuna.objective import OptunaObjective
    from nni_nlp_bench.frameworks.optuna.problem import Problem
    from nni_nlp_bench.frameworks.optuna.sampler import StrategySampler

_MODULES = {"OptunaObjective": "objective", "Problem": "problem", "StrategySampler": "sampler"}

__all__ = ["OptunaObjective", "Problem", "StrategySampler"]


@optional_imports()
def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
