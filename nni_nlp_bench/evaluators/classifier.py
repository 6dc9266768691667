"""Training of classifiers as an NNI evaluator, for NNI's multi-trial strategies."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import nni
from nni.nas.evaluator import Evaluator

from nni_nlp_bench.training.classification.run import ClassifierCurves, train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.classification.words import Words
from search_spaces.errors import UserError


@nni.trace
class ClassifierEvaluator(Evaluator):  # type: ignore[misc]
    """Trains the architecture of every network of sentences that NNI hands over, from scratch.

    Reports the accuracy on dev after every epoch and at the end: higher is better. The test part is
    not looked at. Raises UserError for settings that train on dev.
    """

    def __init__(self, data: str, settings: ClassifierSettings, vectors: str | None = None) -> None:
        super().__init__()
        if settings.train_on != "train":
            raise UserError("a search needs the dev part to compare by: train_on must be 'train'")
        self.settings = settings
        self.words = Words.load(data, vectors, settings.seed)

    def evaluate(self, model: Any) -> float:
        """The accuracy on dev; the widths of words and classes are those of the data."""
        words = self.words
        widths = {"vectors": words.matrix.shape[1], "classes": len(words.data.labels)}
        task = Task(repr(model), partial(model.resized, **widths), words, self.settings)
        curves = train_classifier(task, epoch_done=_report)
        accuracy = math.nan if curves.status != "OK" else curves.dev_accuracies[-1]
        if nni.get_current_parameter() is not None:
            nni.report_final_result(accuracy)
        return accuracy


def _report(curves: ClassifierCurves) -> None:
    if nni.get_current_parameter() is not None and curves.status == "OK":
        nni.report_intermediate_result(curves.dev_accuracies[-1])
