"""Trial evaluator that trains a sentence classifier."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.evaluators.base import Report, TrainingFailedError

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.classification.settings import ClassifierSettings
    from nni_nlp_bench.training.classification.task import Task

BATCH_SIZE, LEARNING_RATE = 32, 2e-3
WIDTH = 16


class ClassifierTrials:
    """Trains an architecture on train and reports the dev loss of every epoch.

    The test set is not read.
    """

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add options for data and training; the defaults train a small network in seconds."""
        add = parser.add_argument_group("classifiers").add_argument
        add("--data", default="docstrings", help="name, file or folder of labelled sentences")
        add("--vectors", help="name or file of word vectors (default: drawn)")
        add("--width", type=int, help=f"width of all layers, where it is open: {WIDTH}")
        add("--max-length", type=int, default=32, help="words of a sentence")
        add("--dropout", type=float, default=0.2, help="of words and layers")

    def __init__(self, space: str, options: Namespace) -> None:
        from nni_nlp_bench.training.classification.task import width_for
        from nni_nlp_bench.training.classification.words import EmbeddedDataset

        self._space = space
        self._words = EmbeddedDataset.load(options.data, options.vectors, options.seed)
        self._settings = _settings(options)
        width = width_for(space, options.width, WIDTH)
        self._sizes: dict[str, Any] = {"dropout": options.dropout, **width}
        self._device: str = options.device

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Train a classifier; return dev loss, dev accuracy, hours and epochs."""
        from nni_nlp_bench.training.classification.task import network_task

        settings = replace(self._settings, epochs=epochs or self._settings.epochs)
        task = network_task(
            self._space, architecture, self._words, settings, device=self._device, **self._sizes
        )
        curves = trained(task, lambda curves: report(curves.dev_losses[-1]))
        return results_of(curves)


def results_of(curves: ClassifierCurves) -> dict[str, float]:
    """Return the metrics of a training; `default` is the dev loss."""
    of_two = {"dev_f1": curves.dev_f1s[-1]} if curves.dev_f1s else {}
    return {
        "default": curves.dev_losses[-1],
        "dev_accuracy": curves.dev_accuracies[-1],
        **of_two,
        "hours": sum(curves.wall_times) / 3600,
        "epochs": curves.epochs,
        "predicted": 0,
    }


def trained(task: Task, report: Callable[[ClassifierCurves], None]) -> ClassifierCurves:
    """Train and report every finite epoch loss. Raises TrainingFailedError."""
    from nni_nlp_bench.training.classification.run import train_classifier
    from nni_nlp_bench.training.memory import disable_malloc_trim

    def epoch_done(curves: ClassifierCurves) -> None:
        if math.isfinite(curves.dev_losses[-1]):
            report(curves)

    disable_malloc_trim()
    curves = train_classifier(task, epoch_done=epoch_done)
    if curves.status != "OK":
        raise TrainingFailedError(f"the training failed: {curves.status}")
    return curves


def _settings(options: Namespace) -> ClassifierSettings:
    from nni_nlp_bench.training.classification.settings import ClassifierSettings

    return ClassifierSettings(
        epochs=options.full_epochs,
        batch_size=options.batch_size or BATCH_SIZE,
        max_length=options.max_length,
        learning_rate=options.learning_rate or LEARNING_RATE,
        embedding_dropout=options.dropout,
        seed=options.seed,
    )
