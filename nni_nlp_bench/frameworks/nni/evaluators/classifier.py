"""NNI evaluator that trains sentence classifiers, for multi-trial strategies."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import nni
from nni.nas.evaluator import Evaluator

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.classification.run import ClassifierCurves, train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.classification.words import EmbeddedDataset


@nni.trace
class ClassifierEvaluator(Evaluator):  # type: ignore[misc]
    """NNI evaluator that trains a sentence classifier from scratch.

    The metric is the accuracy on the dev set (higher is better), reported after every epoch and at
    the end. The test set is not used.

    Args:
        data: Name, file or folder of labelled sentences.
        settings: Settings of the training; `train_on` must be `train`.
        vectors: Name or file of word vectors; None for random ones.
        teacher: Name or folder of a teacher. Networks then read its tokens and embeddings, and the
            training adds a distillation loss.
        kd_loss: Name of the distillation loss.
        kd_weight: Weight of the distillation loss; None for its default.

    Raises:
        UserError: `settings.train_on` is not `train`.
    """

    def __init__(
        self,
        data: str,
        settings: ClassifierSettings,
        vectors: str | None = None,
        teacher: str | None = None,
        kd_loss: str = "emd",
        kd_weight: float | None = None,
    ) -> None:
        super().__init__()
        if settings.train_on != "train":
            raise UserError("the search compares on the dev set: train_on must be 'train'")
        self.data, self.settings, self.vectors = data, settings, vectors
        self.teacher, self.kd_loss, self.kd_weight = teacher, kd_loss, kd_weight

    @cached_property
    def words(self) -> EmbeddedDataset:
        """Dataset with embeddings, loaded once."""
        if self.teacher is None:
            return EmbeddedDataset.load(self.data, self.vectors, self.settings.seed)
        from nni_nlp_bench.distillation.tokens import load_tokens

        return load_tokens(self.data, self.teacher)

    def with_epochs(self, epochs: int | None) -> ClassifierEvaluator:
        """Return an evaluator with another number of epochs; None for the same."""
        options = {name: getattr(self, name) for name in _OPTIONS}
        if epochs is not None:
            options["settings"] = replace(self.settings, epochs=epochs)
        other = ClassifierEvaluator(**options)
        other.words = self.words
        return other

    def evaluate(self, model: Any) -> float:
        """Train a model and return its dev accuracy.

        The embedding width and the number of classes are those of the data.
        """
        curves = train_classifier(self._task(model), epoch_done=_report)
        accuracy = math.nan if curves.status != "OK" else curves.dev_accuracies[-1]
        if nni.get_current_parameter() is not None:
            nni.report_final_result(accuracy)
        return accuracy

    def _task(self, model: Any) -> Task:
        words = self.words
        widths = {"vectors": words.matrix.shape[1], "classes": len(words.data.labels)}
        task = Task(type(model).__name__, partial(model.resized, **widths), words, self.settings)
        if self.teacher is None:
            return task
        from nni_nlp_bench.distillation.distilled import distilled

        return distilled(task, self.kd_loss, self.kd_weight)


_OPTIONS = ("data", "settings", "vectors", "teacher", "kd_loss", "kd_weight")


def _report(curves: ClassifierCurves) -> None:
    if nni.get_current_parameter() is not None and curves.status == "OK":
        nni.report_intermediate_result(curves.dev_accuracies[-1])
