"""Evaluation of a trained model on labelled sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.data.sentences.labelled_set import Sentence
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.training.classification.classifier import f1_scores
from nni_nlp_bench.training.latency import latency_of
from nni_nlp_bench.training.threads import torch_threads

_WARMUP, _TIMED = 3, 15
"""Predictions of one text that are not timed, and that are."""
_SHOWN_ERRORS = 20

Predict = Callable[[Sequence[Sequence[str]]], NDArray[np.float64]]
"""Returns the probability of each label, (texts, labels), for the words of texts."""


@dataclass(frozen=True, slots=True)
class WrongPrediction:
    """A text whose predicted label is wrong."""

    text: str
    label: str
    predicted: str
    probability: float
    """Probability of the predicted label."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Predictions on labelled sentences."""

    labels: tuple[str, ...]
    confusion: NDArray[np.int64]
    """Number of texts by true and predicted label."""
    errors: tuple[WrongPrediction, ...]
    """Wrong predictions with the highest probabilities."""

    @property
    def accuracy(self) -> float:
        """Fraction of correct predictions: higher is better."""
        return float(self.confusion.trace() / self.confusion.sum())

    @property
    def macro_f1(self) -> float:
        """Mean F1 of all labels: higher is better."""
        return float(f1_scores(self.confusion).mean())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "texts": int(self.confusion.sum()),
            "labels": list(self.labels),
            "confusion": self.confusion.tolist(),
        }


def evaluate(predict: Predict, labels: Sequence[str], sentences: Sequence[Sentence]) -> Evaluation:
    """Predict the labels of sentences and compare them with the true ones."""
    probabilities = predict([sentence.words for sentence in sentences])
    predicted = probabilities.argmax(1)
    true = np.array([sentence.label for sentence in sentences])
    counts = np.bincount(true * len(labels) + predicted, minlength=len(labels) ** 2)
    wrong = np.flatnonzero(true != predicted)
    sure = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")]
    errors = tuple(
        WrongPrediction(
            " ".join(sentences[i].words),
            labels[true[i]],
            labels[predicted[i]],
            float(probabilities[i, predicted[i]]),
        )
        for i in sure[:_SHOWN_ERRORS]
    )
    return Evaluation(tuple(labels), counts.reshape(len(labels), len(labels)), errors)


def latency_ms(model: TextClassifier, sentences: Sequence[Sentence]) -> float:
    """Return the median time to predict one text of median length on one thread, in ms."""
    by_length = sorted((sentence.words for sentence in sentences), key=len)
    text = [by_length[len(by_length) // 2]]
    with torch_threads(1, parameters=0):
        return latency_of(lambda: model.predict_words(text), _WARMUP, _TIMED).median_ms
