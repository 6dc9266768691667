"""What evaluates one architecture in a process of its own, by name."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any, Protocol

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry

Report = Callable[[float], None]


class TrainingFailedError(UserError):
    """The training broke off; the message says how."""


class TrialEvaluator(Protocol):
    """Evaluates architectures of one space."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Declare its command-line options."""

    def __init__(self, space: str, options: Namespace) -> None:
        """Over the space of that name. Raises UserError."""

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Train for `epochs` epochs in all (None: a full training), reporting every epoch's loss.

        Gives `default`, the loss, and other numbers: lower is better. Raises
        TrainingFailedError.
        """


EVALUATORS: Registry[type[TrialEvaluator]] = Registry(
    "evaluator",
    "nni_nlp_bench.evaluators",
    {
        "benchmark": "nni_nlp_bench.evaluators.benchmark_trials:BenchmarkTrialEvaluator",
        "distilled": "nni_nlp_bench.evaluators.distillation_trials:DistillationTrialEvaluator",
        "training": "nni_nlp_bench.evaluators.training_trials:TrainingTrialEvaluator",
        "zero_cost": "nni_nlp_bench.evaluators.zero_cost:ZeroCostTrialEvaluator",
    },
)
