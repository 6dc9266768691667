"""Interface and registry of the evaluators of single trials."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any, Protocol

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry

Report = Callable[[float], None]


class TrainingFailedError(UserError):
    """The training failed; the message gives the reason."""


class TrialEvaluator(Protocol):
    """Interface of every trial evaluator, which evaluates architectures of one space."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add its command-line options to the parser of the trial command."""

    def __init__(self, space: str, options: Namespace) -> None:
        """Create an evaluator from parsed options. Raises UserError.

        Args:
            space: Name of the search space.
            options: Parsed options, including those of `add_options`.
        """

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Evaluate an architecture.

        Args:
            architecture: An architecture of the space.
            epochs: Epochs of training in total; None for a full training.
            report: Called with the loss of every epoch: lower is better.

        Returns:
            The loss as `default`, lower is better, and other metrics by name.

        Raises:
            TrainingFailedError: The training failed.
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
