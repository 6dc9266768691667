"""Training of classifiers as an NNI evaluator, for NNI's multi-trial strategies."""

from __future__ import annotations

import math
from typing import Any

import nni
from nni.nas.evaluator import Evaluator

from nni_nlp_bench.training.classification.run import ClassifierCurves, train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import textnas_task
from nni_nlp_bench.training.classification.words import Words
from search_spaces.errors import UserError
from search_spaces.textnas.network import TextNas


@nni.trace
class ClassifierEvaluator(Evaluator):  # type: ignore[misc]
    """Trains the architecture of every `TextNas` that NNI hands over, from scratch.

    Reports the accuracy on dev after every epoch and at the end: higher is better. The test part is
    not looked at. Raises UserError for settings that train on dev.
    """

    def __init__(self, data: str, settings: ClassifierSettings, vectors: str | None = None) -> None:
        super().__init__()
        if settings.train_on != "train":
            raise UserError("a search needs the dev part to compare by: train_on must be 'train'")
        self.settings = settings
        self.words = Words.load(data, vectors, settings.seed)

    def evaluate(self, model: TextNas) -> float:
        """The accuracy on dev; the widths of words and classes are those of the data."""
        s = model.sizes
        sizes: dict[str, Any] = {"width": s.width, "dropout": s.dropout}
        sizes |= {"batch_norm": s.batch_norm, "strict": s.strict}
        task = textnas_task(model.arc, self.words, self.settings, **sizes)
        curves = train_classifier(task, epoch_done=_report)
        accuracy = math.nan if curves.status != "OK" else curves.dev_accuracies[-1]
        if nni.get_current_parameter() is not None:
            nni.report_final_result(accuracy)
        return accuracy


def _report(curves: ClassifierCurves) -> None:
    if nni.get_current_parameter() is not None and curves.status == "OK":
        nni.report_intermediate_result(curves.dev_accuracies[-1])
