"""Planted signals are found, noise is not, and results are reproducible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from nni_nlp_bench.probing.classification import STRENGTHS, evaluate_task, measure
from nni_nlp_bench.probing.encoder import Encoder
from nni_nlp_bench.probing.errors import EvaluationError
from nni_nlp_bench.probing.evaluate import evaluate
from nni_nlp_bench.probing.tasks import Example, Task

Make = Callable[[Sequence[str]], Encoder]


def test_a_planted_signal_is_found(encoder: Encoder, planted: Task) -> None:
    found = evaluate_task(encoder, planted, np.random.default_rng(0))
    values = {score.metric: score.value for score in found.scores}
    assert values["accuracy"] > 0.9
    assert values["f1"] > 0.9
    assert values["matthews"] > 0.8
    assert (found.train, found.dev, found.known_words, found.empty) == (300, 200, 1.0, 0)
    assert found.strength in STRENGTHS


def test_a_planted_signal_between_two_sentences_is_found(encoder: Encoder, paired: Task) -> None:
    (accuracy,) = evaluate_task(encoder, paired, np.random.default_rng(0)).scores
    assert accuracy.value > 0.85 > accuracy.majority


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_labels_fall_to_the_majority(encoder: Encoder, planted: Task, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.permutation([example.label for example in planted.train])
    train = tuple(
        replace(example, label=int(label))
        for example, label in zip(planted.train, labels, strict=True)
    )
    found = evaluate_task(encoder, replace(planted, train=train), rng)
    scores = {score.metric: score for score in found.scores}
    assert scores["accuracy"].value == pytest.approx(scores["accuracy"].majority, abs=0.1)
    assert abs(scores["matthews"].value) < 0.2


def test_the_majority_is_that_of_training(encoder: Encoder, planted: Task) -> None:
    """Training says good, and nine of ten examples of dev are bad."""
    bad = [example for example in planted.dev if example.label == 0][:45]
    good = [example for example in planted.dev if example.label == 1][:5]
    found = evaluate_task(encoder, replace(planted, dev=(*bad, *good)), np.random.default_rng(0))
    majority = {score.metric: score.majority for score in found.scores}
    assert majority["accuracy"] == pytest.approx(0.1)
    assert majority["f1"] == pytest.approx(2 * 0.1 / (0.1 + 1))
    assert majority["matthews"] == 0.0


def test_the_same_seed_gives_the_same_result_whatever_else_is_evaluated(
    encoder: Encoder, planted: Task, paired: Task
) -> None:
    both = evaluate(encoder, tasks=[paired, planted], seed=7)
    assert evaluate(encoder, tasks=[planted], seed=7).tasks == both.tasks[1:]
    assert [found.task for found in both.tasks] == ["paired", "planted"]


def test_unknown_words_and_empty_sentences_are_counted(synthetic: Make, planted: Task) -> None:
    fewer = synthetic(("good", "bad"))
    bare = tuple(Example("...", None, i % 2) for i in range(4))
    found = evaluate_task(fewer, replace(planted, dev=planted.dev + bare), np.random.default_rng(0))
    words = sum(len(example.first.split()) for example in planted.train + planted.dev)
    assert found.known_words == pytest.approx(500 / words)
    assert (found.dev, found.empty) == (204, 4)
    assert found.scores[0].value == pytest.approx(202 / 204)


def test_metrics_are_those_of_their_definitions() -> None:
    labels, predicted = np.array([1, 1, 1, 0, 0, 0, 0]), np.array([1, 1, 0, 1, 0, 0, 0])
    assert measure("accuracy", labels, predicted) == pytest.approx(5 / 7)
    assert measure("f1", labels, predicted) == pytest.approx(4 / 6)
    expected = (2 * 3 - 1 * 1) / np.sqrt(3 * 3 * 4 * 4)
    assert measure("matthews", labels, predicted) == pytest.approx(expected)
    assert expected == pytest.approx(metrics.matthews_corrcoef(labels, predicted))


def test_a_label_that_is_too_rare_is_named(encoder: Encoder, planted: Task) -> None:
    good = tuple(example for example in planted.train if example.label == 1)
    rare = tuple(example for example in planted.train if example.label == 0)[:4]
    with pytest.raises(
        EvaluationError, match="task planted has 4 training examples of label 'bad'"
    ):
        evaluate_task(encoder, replace(planted, train=good + rare), np.random.default_rng(0))
