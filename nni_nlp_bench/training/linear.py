"""Baseline without a neural network: logistic regression on TF-IDF weighted words and bigrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

NGRAMS = 2
STRENGTHS = (1.0, 4.0, 16.0)
"""Inverse strengths C of the L2 penalty that are tried."""


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
        if self.weights.shape != (len(self.bias), len(self.terms)) or self.idf.shape != (
            len(self.terms),
        ):
            raise ValueError(
                f"{len(self.terms)} terms, idf {self.idf.shape}, weights {self.weights.shape}, "
                f"bias {self.bias.shape}"
            )

    @classmethod
    def fit(
        cls,
        texts: Sequence[Sequence[str]],
        labels: NDArray[np.int64],
        strength: float = 1.0,
        ngrams: int = NGRAMS,
    ) -> Self:
        """Fit terms, idf and weights to the words of texts and their label ids.

        Args:
            texts: Words of each text.
            labels: Label ids (texts,).
            strength: Inverse strength C of the L2 penalty.
            ngrams: Largest number of words of a term.
        """
        from sklearn.linear_model import LogisticRegression

        vectorizer = _vectorizer(ngrams, min_df=2 if len(texts) > 1000 else 1)
        features = vectorizer.fit_transform(texts)
        model = LogisticRegression(C=strength, max_iter=1000, tol=1e-3).fit(features, labels)
        terms = tuple(vectorizer.get_feature_names_out())
        return cls(terms, ngrams, vectorizer.idf_, model.coef_, model.intercept_)

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
