"""Answer a trial by training the architecture from scratch."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from nni_nlp_bench.evaluators import cell_trials, classifier_trials
from nni_nlp_bench.evaluators.base import Report, TrialEvaluator


class TrainingTrialEvaluator:
    """Trains each architecture as what it is: a cell's language model, or a classifier."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """What every training needs, then what cells and classifiers need."""
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
        from nni_nlp_bench.training.classification.task import classifies

        kind = classifier_trials.ClassifierTrials if classifies(space) else cell_trials.CellTrials
        self._trials: TrialEvaluator = kind(space, options)

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Loss on the validation part, and other numbers of the training."""
        return self._trials.evaluate(architecture, epochs, report)
