"""NNI: evaluators, strategies and tuners for NNI experiments.

Names are imported on first use, so importing the package does not import NNI.

Example:
    >>> from nni.nas.experiment import NasExperiment
    >>> from nni_nlp_bench.frameworks.nni import AskTellStrategy, BenchmarkEvaluator, ChoiceSpace
    >>> evaluator = BenchmarkEvaluator("nas-bench-nlp/ptb-surrogate")
    >>> experiment = NasExperiment(ChoiceSpace(evaluator), evaluator, AskTellStrategy(strategy))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nni.nas.nn.pytorch import ModelSpace

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import BenchmarkEvaluator, ChoiceSpace
    from nni_nlp_bench.frameworks.nni.grid_tuner import GridTuner
    from nni_nlp_bench.frameworks.nni.strategies.from_nni import NNIStrategyAdapter
    from nni_nlp_bench.frameworks.nni.strategies.to_nni import AskTellStrategy
    from nni_nlp_bench.frameworks.nni.tuner import StrategyTuner

__all__ = [
    "AskTellStrategy",
    "BenchmarkEvaluator",
    "ChoiceSpace",
    "GridTuner",
    "NNIStrategyAdapter",
    "StrategyTuner",
    "model_space",
]

_MODULES = {
    "AskTellStrategy": "strategies.to_nni",
    "BenchmarkEvaluator": "evaluators.benchmark",
    "ChoiceSpace": "evaluators.benchmark",
    "GridTuner": "grid_tuner",
    "NNIStrategyAdapter": "strategies.from_nni",
    "StrategyTuner": "tuner",
}


def model_space(name: str, **options: Any) -> ModelSpace:
    """Return the NNI model space of a search space, for experiments that train networks.

    For experiments on a benchmark use `ChoiceSpace(BenchmarkEvaluator(...))`.

    Args:
        name: Name of the search space.
        **options: Options of the model space, such as sizes; they depend on the search space.

    Raises:
        UserError: the search space or an option is unknown.
    """
    from search_spaces.registry import get_space

    space: ModelSpace = get_space(name).model_space(**options)
    return space


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
