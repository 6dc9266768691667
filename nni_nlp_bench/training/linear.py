"""Baseline without a neural network: logistic regression on TF-IDF weighted words and bigrams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError

NGRAMS = 2
STRENGTHS = (1.0, 4.0, 16.0)
"""Inverse strengths C of the L2 penalty that are tried, in ascending order."""


@dataclass(frozen=True, eq=False)
class LinearClassifier:
    """Logistic regression on TF-IDF features, as plain arrays.

    Terms are words, and sequences of up to `ngrams` words with spaces between them. A feature is
    (1 + ln count) idf, and the features of a text are scaled to length 1.
    """

    terms: tuple[str, ...]
    ngrams: int
    idf: NDArray[np.float64]
    """Inverse document frequencies (terms,)."""
    weights: NDArray[np.float64]
    """Weights (labels, terms); (1, terms) for two labels."""
    bias: NDArray[np.float64]
    """Biases (labels,); (1,) for two labels."""

    def __post_init__(self) -> None:
        count = len(set(self.terms))  # a term that is there twice makes them differ
        shapes = ((count,), (len(self.bias), count))
        if (self.idf.shape, self.weights.shape) != shapes or len(self.terms) != count:
            raise ValueError(
                f"{count} different terms, idf {self.idf.shape}, weights {self.weights.shape}, "
                f"bias {self.bias.shape}"
            )

    @classmethod
    def fit(
        cls,
        texts: Sequence[Sequence[str]],
        labels: NDArray[np.int64],
        strength: float = 1.0,
        ngrams: int = NGRAMS,
        count: int | None = None,
    ) -> Self:
        """Fit terms, idf and weights to the words of texts and their label ids.

        Args:
            texts: Words of each text.
            labels: Label ids (texts,).
            strength: Inverse strength C of the L2 penalty.
            ngrams: Largest number of words of a term.
            count: Number of labels, also those of no text; None for one more than the largest id.

        Raises:
            UserError: The texts have fewer than two labels, or no term in common.
        """
        return next(cls.fit_path(texts, labels, [strength], ngrams, count))

    @classmethod
    def fit_path(
        cls,
        texts: Sequence[Sequence[str]],
        labels: NDArray[np.int64],
        strengths: Iterable[float],
        ngrams: int = NGRAMS,
        count: int | None = None,
    ) -> Iterator[Self]:
        """Yield a classifier for each inverse strength of the penalty; terms are fitted once.

        Args and Raises as `fit`.
        """
        from sklearn.linear_model import LogisticRegression

        if len(np.unique(labels)) < 2:
            raise UserError("a classifier needs texts of two labels: give more training texts")
        vectorizer = _vectorizer(ngrams, min_df=2 if len(texts) > 1000 else 1)
        try:
            features = vectorizer.fit_transform(texts)
        except ValueError:
            raise UserError("no word occurs in two training texts: give others") from None
        terms = tuple(vectorizer.get_feature_names_out())
        for strength in strengths:
            model = LogisticRegression(C=strength, max_iter=1000).fit(features, labels)
            found = _of_all_labels(model, int(labels.max()) + 1 if count is None else count)
            yield cls(terms, ngrams, vectorizer.idf_, *found)

    def probabilities(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels)."""
        return self._probabilities(self._vectorizer.transform(texts))

    def probabilities_of_counts(self, counts: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability of each label, (texts, labels), of term counts (texts, terms)."""
        from scipy.sparse import csr_matrix

        return self._probabilities(self._vectorizer._tfidf.transform(csr_matrix(counts)))

    def _probabilities(self, features: Any) -> NDArray[np.float64]:
        from scipy.special import expit, softmax

        scores = features @ self.weights.T + self.bias
        if len(self.bias) == 1:
            positive = expit(scores)
            return np.hstack([1 - positive, positive])
        found: NDArray[np.float64] = softmax(scores, axis=1)
        return found

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return self.weights.size + self.bias.size

    @cached_property
    def _vectorizer(self) -> Any:
        found = _vectorizer(self.ngrams, vocabulary={term: i for i, term in enumerate(self.terms)})
        found.idf_ = self.idf
        return found


def _of_all_labels(model: Any, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights and biases of a logistic regression; labels without texts never win."""
    if len(model.classes_) == count:
        return model.coef_, model.intercept_
    rows = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]
    weights = np.zeros((count, model.coef_.shape[1]))
    bias = np.full(count, -np.inf)
    bias[model.classes_] = 0  # of two labels, only the second one has weights
    weights[rows], bias[rows] = model.coef_, model.intercept_
    return weights, bias


def _vectorizer(ngrams: int, **options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer=_Terms(ngrams), sublinear_tf=True, lowercase=False, **options)


@dataclass(frozen=True)
class _Terms:
    """Turns words into terms."""

    ngrams: int

    def __call__(self, words: Sequence[str]) -> list[str]:
        return [
            " ".join(words[i : i + n])
            for n in range(1, self.ngrams + 1)
            for i in range(len(words) - n + 1)
        ]
