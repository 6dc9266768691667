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
    """Evaluates architectures of one space."""

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
