"""Interface of trained text classifiers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import SEPARATOR
from nni_nlp_bench.data.words import tokenize
from nni_nlp_bench.models.manifest import MANIFEST, Manifest, ModelError

Text: TypeAlias = str | tuple[str, str]
"""A text, or a pair of texts for a model that was trained on pairs."""
BATCH_SIZE = 64
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted label of a text."""

    label: str
    """The most probable label."""
    probability: float
    """Probability of that label."""
    probabilities: Mapping[str, float]
    """Probability of each label."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "label": self.label,
            "probability": self.probability,
            "probabilities": dict(self.probabilities),
        }


class ParameterCount(NamedTuple):
    """Number of parameters of a model."""

    total: int
    embedding: int
    """Those of the word embedding."""


class TextClassifier(ABC):
    """A trained classifier of texts.

    >>> import nni_nlp_bench as nb
    >>> model = nb.load_model("runs/reviews/model")            # doctest: +SKIP
    >>> model.predict(["A film to remember."])[0].label        # doctest: +SKIP
    'positive'
    """

    def __init__(self, manifest: Manifest) -> None:
        if manifest.labels is None:
            raise ModelError(f"{MANIFEST} has no labels: copy or train the model again")
        self.manifest = manifest
        self.labels = manifest.labels
        """Label names by id."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, manifest: Manifest) -> Self:
        """Load the model of a folder. Raises UserError."""

    @abstractmethod
    def count_parameters(self) -> ParameterCount:
        """Return the number of parameters."""

    def predict(self, texts: Sequence[Text], batch_size: int = BATCH_SIZE) -> list[Prediction]:
        """Return the predicted label of each text, with probabilities.

        Args:
            texts: Texts, or pairs of texts.
            batch_size: Number of texts that are run at a time.

        Raises:
            UserError: A text is not a string, or has no words.
        """
        return [*map(self._prediction, self.predict_probabilities(texts, batch_size))]

    def predict_known(self, texts: Sequence[Text]) -> list[Prediction | None]:
        """Return the prediction of each text, None for a text without words."""
        words = [_split(text, f"text {i}") for i, text in enumerate(texts)]
        known = [i for i, own in enumerate(words) if own]
        found: list[Prediction | None] = [None] * len(texts)
        for i, row in zip(known, self.predict_words([words[i] for i in known]), strict=True):
            found[i] = self._prediction(row)
        return found

    def predict_probabilities(
        self, texts: Sequence[Text], batch_size: int = BATCH_SIZE
    ) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels). Raises as `predict`."""
        if isinstance(texts, str):
            raise UserError("predict takes a list of texts, got one text: put it into a list")
        if batch_size < 1:
            raise UserError(f"batch_size must be at least 1, got {batch_size}")
        words = [words_of(text, f"text {i}") for i, text in enumerate(texts)]
        return self.predict_words(words, batch_size)

    def predict_words(
        self, words: Sequence[Sequence[str]], batch_size: int = BATCH_SIZE
    ) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels), for the words of texts."""
        found = np.zeros((len(words), len(self.labels)))
        order = np.argsort([len(text) for text in words], kind="stable")  # less padding
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            found[rows] = self.probabilities_of([words[row] for row in rows])
        return found

    def _prediction(self, row: NDArray[np.float64]) -> Prediction:
        label, probabilities = self.labels[int(row.argmax())], row.tolist()
        by_label = dict(zip(self.labels, probabilities, strict=True))
        return Prediction(label, by_label[label], by_label)

    @abstractmethod
    def probabilities_of(self, words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels), for one batch of words."""


def is_unicode(text: str) -> bool:
    """Return whether a text has no halves of surrogate pairs, which no file can contain."""
    return _SURROGATE.search(text) is None


def words_of(text: object, where: str) -> tuple[str, ...]:
    """Return the words of a text or pair, as those of the training data. Raises UserError."""
    words = _split(text, where)
    if not words:
        raise UserError(f"{where} has no words")
    return words


def _split(text: object, where: str) -> tuple[str, ...]:
    """Return the words of a text or pair; none if a text has none. Raises UserError."""
    if isinstance(text, tuple | list) and len(text) == 2:
        first, second = (_split(part, where) for part in text)
        return (*first, SEPARATOR, *second) if first and second else ()
    if not isinstance(text, str):
        raise UserError(f"{where} must be a string, got {str(text)[:40]!r}")
    if not is_unicode(text):
        raise UserError(f"{where} contains half a surrogate pair, so it is not text")
    return tokenize(text)
