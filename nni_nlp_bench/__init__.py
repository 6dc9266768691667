"""Neural architecture search for language: spaces, benchmarks and strategies.

>>> import nni_nlp_bench as nb
>>> bench = nb.load("nas-bench-nlp/ptb-surrogate")
>>> result = nb.search(bench, "regularized_evolution", n_trials=25, seed=0)
>>> len(result.trials)
25

Names are imported when they are first used: `import nni_nlp_bench` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from nni_nlp_bench import frameworks
    from nni_nlp_bench.api.models import automl, training_benchmark
    from nni_nlp_bench.api.names import (
        list_benchmarks,
        list_corpora,
        list_datasets,
        list_distillation_losses,
        list_one_shot_strategies,
        list_scores,
        list_spaces,
        list_strategies,
    )
    from nni_nlp_bench.api.networks import (
        evaluate_scores,
        maximize_nsc,
        measure_latency,
        score,
        train_classifier,
        train_language_model,
    )
    from nni_nlp_bench.api.one_shot import one_shot_search, one_shot_seeds
    from nni_nlp_bench.api.searches import compare, make_strategy, search
    from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError, Result
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.constrained import constrain
    from nni_nlp_bench.benchmarks.objectives import Objective
    from nni_nlp_bench.benchmarks.table import Table
    from nni_nlp_bench.benchmarks.units import LossUnit
    from nni_nlp_bench.core.errors import UserError
    from nni_nlp_bench.evaluators.trial import Trial
    from nni_nlp_bench.frameworks.optuna.objective import OptunaObjective
    from nni_nlp_bench.frameworks.optuna.sampler import StrategySampler
    from nni_nlp_bench.models.base import Prediction, TextClassifier
    from nni_nlp_bench.models.export.writing import Exported, export_model
    from nni_nlp_bench.models.language import LanguageModel
    from nni_nlp_bench.models.loading import load_model
    from nni_nlp_bench.models.measure import Measurement, MeasureSettings, measure_model
    from nni_nlp_bench.reports.comparison import ComparisonResult
    from nni_nlp_bench.strategies.base import Proposal, Strategy
    from nni_nlp_bench.strategies.result import SearchResult
    from search_spaces.base import SearchSpace
    from search_spaces.registry import get_space

_SEARCHES, _NETWORKS, _ONE_SHOT, _NAMES = (
    f"nni_nlp_bench.api.{module}" for module in ("searches", "networks", "one_shot", "names")
)
_MODULES = {
    "Benchmark": "nni_nlp_bench.benchmarks.base",
    "BenchmarkError": "nni_nlp_bench.benchmarks.base",
    "ComparisonResult": "nni_nlp_bench.reports.comparison",
    "Exported": "nni_nlp_bench.models.export.writing",
    "LanguageModel": "nni_nlp_bench.models.language",
    "LossUnit": "nni_nlp_bench.benchmarks.units",
    "MeasureSettings": "nni_nlp_bench.models.measure",
    "Measurement": "nni_nlp_bench.models.measure",
    "Objective": "nni_nlp_bench.benchmarks.objectives",
    "OptunaObjective": "nni_nlp_bench.frameworks.optuna.objective",
    "Prediction": "nni_nlp_bench.models.base",
    "Proposal": "nni_nlp_bench.strategies.base",
    "Result": "nni_nlp_bench.benchmarks.base",
    "SearchResult": "nni_nlp_bench.strategies.result",
    "SearchSpace": "search_spaces.base",
    "Strategy": "nni_nlp_bench.strategies.base",
    "StrategySampler": "nni_nlp_bench.frameworks.optuna.sampler",
    "Table": "nni_nlp_bench.benchmarks.table",
    "TextClassifier": "nni_nlp_bench.models.base",
    "Trial": "nni_nlp_bench.evaluators.trial",
    "UserError": "nni_nlp_bench.core.errors",
    "automl": "nni_nlp_bench.api.models",
    "compare": _SEARCHES,
    "constrain": "nni_nlp_bench.benchmarks.constrained",
    "evaluate_scores": _NETWORKS,
    "export_model": "nni_nlp_bench.models.export.writing",
    "get_space": "search_spaces.registry",
    "list_benchmarks": _NAMES,
    "list_corpora": _NAMES,
    "list_datasets": _NAMES,
    "list_distillation_losses": _NAMES,
    "list_one_shot_strategies": _NAMES,
    "list_scores": _NAMES,
    "list_spaces": _NAMES,
    "list_strategies": _NAMES,
    "load": "nni_nlp_bench.benchmarks.catalogue",
    "load_model": "nni_nlp_bench.models.loading",
    "make_strategy": _SEARCHES,
    "maximize_nsc": _NETWORKS,
    "measure_latency": _NETWORKS,
    "measure_model": "nni_nlp_bench.models.measure",
    "one_shot_search": _ONE_SHOT,
    "one_shot_seeds": _ONE_SHOT,
    "score": _NETWORKS,
    "search": _SEARCHES,
    "train_classifier": _NETWORKS,
    "train_language_model": _NETWORKS,
    "training_benchmark": "nni_nlp_bench.api.models",
}
"""By name of an object, the module that defines it."""

__all__ = [
    "Benchmark",
    "BenchmarkError",
    "ComparisonResult",
    "Exported",
    "LanguageModel",
    "LossUnit",
    "MeasureSettings",
    "Measurement",
    "Objective",
    "OptunaObjective",
    "Prediction",
    "Proposal",
    "Result",
    "SearchResult",
    "SearchSpace",
    "Strategy",
    "StrategySampler",
    "Table",
    "TextClassifier",
    "Trial",
    "UserError",
    "__version__",
    "automl",
    "compare",
    "constrain",
    "evaluate_scores",
    "export_model",
    "frameworks",
    "get_space",
    "list_benchmarks",
    "list_corpora",
    "list_datasets",
    "list_distillation_losses",
    "list_one_shot_strategies",
    "list_scores",
    "list_spaces",
    "list_strategies",
    "load",
    "load_model",
    "make_strategy",
    "maximize_nsc",
    "measure_latency",
    "measure_model",
    "one_shot_search",
    "one_shot_seeds",
    "score",
    "search",
    "train_classifier",
    "train_language_model",
    "training_benchmark",
]


def __getattr__(name: str) -> Any:
    if name == "frameworks":
        return import_module("nni_nlp_bench.frameworks")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nni_nlp_bench.core.extras import optional_imports

    with optional_imports():
        return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
