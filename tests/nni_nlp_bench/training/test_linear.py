"""Logistic regression on TF-IDF: the same as scikit-learn's own pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.linear import LinearClassifier

Texts = list[tuple[str, ...]]


def texts_of(labels: int, count: int = 60) -> tuple[Texts, NDArray[np.int64]]:
    rng = np.random.default_rng(labels)
    ids = np.arange(count) % labels
    texts = [(f"label{i}", *(f"w{j}" for j in rng.integers(9, size=4))) for i in ids]
    return texts, ids


@pytest.mark.parametrize("labels", [2, 3, 12])
@pytest.mark.parametrize("strength", [1.0, 16.0])
@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_probabilities_are_those_of_scikit_learn(labels: int, strength: float, ngrams: int) -> None:
    """Which gets the words as a text, and separates them itself."""
    texts, ids = texts_of(labels)
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, ngrams), sublinear_tf=True, token_pattern=r"\S+"),
        LogisticRegression(C=strength, max_iter=1000),
    ).fit([" ".join(words) for words in texts], ids)
    model = LinearClassifier.fit(texts, ids, strength, ngrams)
    asked = [*texts[:20], ("unknown",), ("w1", "w1", "label0", "w2"), ("w3",) * 50]
    wanted = pipeline.predict_proba([" ".join(words) for words in asked])
    np.testing.assert_allclose(model.probabilities(asked), wanted, atol=1e-6)
    assert set(model.terms) == set(pipeline[0].get_feature_names_out())
    assert model.parameters == pipeline[1].coef_.size + pipeline[1].intercept_.size


def test_a_label_of_one_text() -> None:
    texts, ids = texts_of(2)
    texts, ids = [*texts, ("rare", "w1")], np.append(ids, 2)
    found = LinearClassifier.fit(texts, ids, 16.0).probabilities([("rare", "w1"), ("label0",)])
    assert found.shape == (2, 3)
    assert found.argmax(1).tolist() == [2, 0]


@pytest.mark.parametrize("present", [(0, 2), (1, 3), (0, 1, 3)])
def test_labels_without_texts_are_never_predicted(present: tuple[int, ...]) -> None:
    texts, ids = texts_of(len(present))
    wanted = LinearClassifier.fit(texts, ids).probabilities(texts)
    model = LinearClassifier.fit(texts, np.array(present)[ids], count=5)
    found = model.probabilities(texts)
    np.testing.assert_allclose(found[:, present], wanted, atol=1e-9)
    assert found.shape == (60, 5)
    assert found.sum() == pytest.approx(60)
    assert LinearClassifier.fit(texts, np.array(present)[ids]).bias.shape == (max(present) + 1,)


def test_what_cannot_be_fitted() -> None:
    with pytest.raises(UserError, match="texts of two labels"):
        LinearClassifier.fit([("a",), ("b",)], np.array([1, 1]))
    alone = [(f"w{i}",) for i in range(1001)]
    with pytest.raises(UserError, match="no word occurs in two training texts"):
        LinearClassifier.fit(alone, np.arange(1001) % 2)


def test_arrays_that_do_not_belong_together() -> None:
    two, one = np.zeros(2), np.zeros(1)
    for terms, idf, weights, bias in (
        (("a",), two, np.zeros((1, 2)), one),
        (("a", "a"), two, np.zeros((1, 2)), one),
        (("a", "b"), two, np.zeros((1, 3)), one),
        (("a", "b"), two, np.zeros((3, 2)), one),
        (("a", "b"), two, two, one),
    ):
        with pytest.raises(ValueError, match="different terms, idf"):
            LinearClassifier(terms, 1, idf, weights, bias)
