"""Extrinsic evaluation: linear classifiers on features of a frozen language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.probing.encoder import Encoder, check_embeddings
from nni_nlp_bench.probing.errors import EvaluationError
from nni_nlp_bench.probing.features import pair_features, sentence_features
from nni_nlp_bench.probing.tasks import Example, MetricName, Task
from nni_nlp_bench.probing.tokens import Tokenizer

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Grid of inverse regularisation strengths: smaller regularises more."""
FOLDS = 5
_MAX_ITERATIONS = 2000

Values = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """One metric on the development set: 1 is best."""

    metric: MetricName
    """Matthews' correlation lies between -1 and 1, the others between 0 and 1."""
    value: float
    majority: float
    """The same metric of the majority baseline."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """Result of one task."""

    task: str
    scores: tuple[Score, ...]
    train: int
    """Number of training examples."""
    dev: int
    """Number of development examples."""
    known_words: float | None
    """Fraction of the words of train and dev in the vocabulary; None without words."""
    empty: int
    """Number of sentences without a known word, whose features are 0."""
    strength: float
    """Inverse regularisation strength, chosen by cross-validation on train."""


def evaluate_task(encoder: Encoder, task: Task, rng: np.random.Generator) -> TaskResult:
    """Fit a classifier on train and evaluate it on dev; `rng` draws the cross-validation folds.

    Raises EvaluationError if a label has fewer examples than there are folds.
    """
    _check_labels(task)
    check_embeddings(encoder.vocabulary, encoder.embeddings)
    examples = task.train + task.dev
    sentences = [example.first for example in examples]
    sentences += [example.second for example in examples if example.second is not None]
    tokens = Tokenizer(encoder.vocabulary).tokens(sentences)
    features = _features(sentence_features(encoder, tokens.ids), len(examples))
    train = len(task.train)
    dev_labels = _labels(task.dev)
    classifier = fit(features[:train], _labels(task.train), task.metrics[0], rng)
    predicted = classifier.predict(features[train:])
    constant = np.full(len(dev_labels), np.bincount(_labels(task.train)).argmax())
    return TaskResult(
        task=task.name,
        scores=tuple(
            Score(name, measure(name, dev_labels, predicted), measure(name, dev_labels, constant))
            for name in task.metrics
        ),
        train=train,
        dev=len(task.dev),
        known_words=tokens.known_share,
        empty=sum(len(ids) == 0 for ids in tokens.ids),
        strength=float(classifier.named_steps["logisticregression"].C),
    )


def fit(features: Values, labels: Labels, metric: MetricName, rng: np.random.Generator) -> Any:
    """Fit logistic regression on standardised features (examples, features); labels are 0 and 1.

    Cross-validation by the metric selects the strength; among equals, the strongest regularisation.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=_MAX_ITERATIONS))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    search = GridSearchCV(
        pipeline,
        {"logisticregression__C": sorted(STRENGTHS)},
        scoring=make_scorer(_metric(metric)),
        cv=folds,
    )
    return search.fit(features, labels).best_estimator_


def measure(metric: MetricName, labels: Labels, predicted: Labels) -> float:
    """Return a metric: 1 is best. F1 is that of label 1; Matthews' of a constant is 0."""
    return float(_metric(metric)(labels, predicted))


def _metric(name: MetricName) -> Callable[[Labels, Labels], float]:
    from functools import partial

    from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

    known: dict[MetricName, Callable[[Labels, Labels], float]] = {
        "accuracy": accuracy_score,
        "f1": partial(f1_score, zero_division=0.0),
        "matthews": matthews_corrcoef,
    }
    return known[name]


def _check_labels(task: Task) -> None:
    counts = np.bincount(_labels(task.train), minlength=len(task.labels))
    for label, count in zip(task.labels, counts, strict=True):
        if count < FOLDS:
            raise EvaluationError(
                f"task {task.name} has {count} training examples of label {label!r}, and "
                f"cross-validation needs {FOLDS}: take more"
            )


def _labels(examples: Sequence[Example]) -> Labels:
    return np.array([example.label for example in examples], dtype=np.int64)


def _features(sentences: Values, examples: int) -> Values:
    """Return features of examples; `sentences` holds all first sentences, then all second ones."""
    if len(sentences) == examples:
        return sentences
    return pair_features(sentences[:examples], sentences[examples:])
