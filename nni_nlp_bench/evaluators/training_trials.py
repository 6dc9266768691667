"""Trial evaluator that trains from scratch."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from nni_nlp_bench.evaluators import cell_trials, classifier_trials
from nni_nlp_bench.evaluators.base import Report, TrialEvaluator


class TrainingTrialEvaluator:
    """Trains a language model or a sentence classifier, depending on the space."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add common options, then those of cells and of classifiers."""
        add = parser.add_argument
        add("--full-epochs", type=int, default=10, help="length of a full training")
        sizes = (cell_trials.BATCH_SIZE, classifier_trials.BATCH_SIZE)
        add("--batch-size", type=int, help="columns of text: {}; sentences: {}".format(*sizes))
        rates = (cell_trials.LEARNING_RATE, classifier_trials.LEARNING_RATE)
        add("--learning-rate", type=float, help="cells: {}; classifiers: {}".format(*rates))
        add("--seed", type=int, default=0)
        add("--device", default="cpu")
        cell_trials.CellTrials.add_options(parser)
        classifier_trials.ClassifierTrials.add_options(parser)

    def __init__(self, space: str, options: Namespace) -> None:
        from nni_nlp_bench.training.classification.network import classifies

        kind = classifier_trials.ClassifierTrials if classifies(space) else cell_trials.CellTrials
        self._trials: TrialEvaluator = kind(space, options)

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Train an architecture; return the validation loss and other metrics."""
        return self._trials.evaluate(architecture, epochs, report)
