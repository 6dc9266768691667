"""Durations, plans, the choice among candidates, and the sizes of dev and test."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.automl.data import with_smaller_parts
from nni_nlp_bench.automl.evaluation import evaluate
from nni_nlp_bench.automl.scores import Score, ranked
from nni_nlp_bench.automl.settings import AutoMLSettings
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.training.classification.plan import (
    LEAST_TEXTS,
    PROBED_BATCHES,
    TrainingPlan,
    longer_plan,
    plan_training,
)
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task, baseline_task
from nni_nlp_bench.training.classification.trainer import Trainer
from nni_nlp_bench.training.classification.words import EmbeddedDataset


def score(name: str, accuracy: float, parameters: int, latency_ms: float, f1: float = 0.5) -> Score:
    return Score(name, "baseline", accuracy, f1, parameters, 0, latency_ms, 1.0, 1, 1.0)


SCORES = [
    score("large", 0.90, 1000, 9.0),
    score("small", 0.895, 10, 3.0, 0.7),
    score("quick", 0.891, 50, 1.0),
    score("poor", 0.88, 1, 0.1),
]


@pytest.mark.parametrize(
    ("objective", "order"),
    [
        ("accuracy", ["large", "small", "quick", "poor"]),
        ("macro_f1", ["small", "large", "quick", "poor"]),
        ("smallest", ["small", "quick", "large", "poor"]),
        ("fastest", ["quick", "small", "large", "poor"]),
    ],
)
def test_the_objective_orders_the_models(objective: str, order: list[str]) -> None:
    """`poor` is the smallest and fastest, and two points less accurate."""
    assert [s.name for s in ranked(SCORES, objective)] == order


def test_nothing_trained_is_an_error_with_a_remedy() -> None:
    with pytest.raises(UserError, match="--time"):
        ranked([], "accuracy")


def test_settings_are_checked() -> None:
    with pytest.raises(UserError, match="time_s must be above 0"):
        AutoMLSettings(time_s=0.0)
    with pytest.raises(UserError, match="accuracy, macro_f1, smallest, fastest"):
        AutoMLSettings(objective="best")  # type: ignore[arg-type]


def test_a_resumed_run_may_have_more_time_but_no_other_seed() -> None:
    settings = AutoMLSettings(time_s=10)
    assert replace(settings, time_s=20, threads=3).identity() == settings.identity()
    assert replace(settings, seed=1).identity() != settings.identity()
    assert replace(settings, warm_start="naswot").identity() != settings.identity()
    assert "warm_start" not in settings.identity(), "runs of earlier versions have no such setting"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1)), min_size=3, max_size=60))
def test_smaller_parts_lose_no_text_and_divide_no_group(rows: list[tuple[int, int]]) -> None:
    """Equal texts stay together, and other orders give the same parts."""
    dev = tuple(Sentence((f"w{number}",), label) for number, label in rows)
    train = (Sentence(("a",), 0), Sentence(("b",), 1))
    parts = {"train": train, "dev": dev, "test": train}
    data = LabelledSet.of("made", ("x", "y"), parts)
    smaller = with_smaller_parts(data, 10, 10)
    assert sorted((*smaller.train, *smaller.dev)) == sorted((*train, *dev))
    assert not {s.words for s in smaller.dev} & {s.words for s in smaller.train}
    assert len(smaller.dev) <= 10 or smaller is data or len({s.words for s in smaller.dev}) <= 10
    again = with_smaller_parts(LabelledSet.of("m", ("x", "y"), {**parts, "dev": dev[::-1]}), 10, 10)
    assert sorted(again.dev) == sorted(smaller.dev)


def test_evaluation_against_counts_by_hand() -> None:
    sentences = [Sentence((word,), label) for word, label in zip("abcd", (0, 0, 1, 1), strict=True)]
    rows = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])
    found = evaluate(lambda words: rows, ("no", "yes"), sentences)
    assert found.confusion.tolist() == [[1, 1], [1, 1]]
    assert found.accuracy == found.macro_f1 == 0.5
    assert [(e.text, e.label, e.predicted) for e in found.errors] == [
        ("b", "no", "yes"),
        ("d", "yes", "no"),
    ]


@pytest.fixture(scope="module")
def words(synthetic_set: LabelledSet) -> EmbeddedDataset:
    return EmbeddedDataset.of(synthetic_set, width=4)


def make_task(words: EmbeddedDataset, settings: ClassifierSettings) -> Task:
    return baseline_task("bag_of_vectors", words, settings)


USUAL = ClassifierSettings(epochs=7, batch_size=8)


def test_a_plan_fits_the_time(words: EmbeddedDataset) -> None:
    endless = plan_training(make_task, words, USUAL, 1e6, threads=[1])
    assert (endless.epochs, endless.share, endless.threads) == (7, 1.0, 1)
    assert 0 < endless.seconds_per_text < 1
    hardly = plan_training(make_task, words, USUAL, 1e-9, threads=[1])
    assert hardly.epochs == 1
    assert hardly.share == min(1.0, LEAST_TEXTS / len(words.data.train))
    at_least_three = plan_training(make_task, words, USUAL, 1e-9, threads=[1], least_epochs=3)
    assert at_least_three.epochs == 3


def test_a_plan_is_read_back_and_makes_settings(words: EmbeddedDataset) -> None:
    plan = TrainingPlan(3, 0.25, 1, "bfloat16", 0.001)
    assert TrainingPlan.from_dict(plan.to_dict()) == plan
    settings = plan.settings(USUAL)
    assert (settings.epochs, settings.precision) == (3, "bfloat16")
    assert len(plan.words(words, 0).data.train) == round(0.25 * len(words.data.train))
    assert plan.words(words, 0).data.dev == words.data.dev


def test_a_training_that_was_slowed_when_it_was_planned_is_planned_again() -> None:
    plan = TrainingPlan(1, 0.1, 2, "float32", seconds_per_text=0.1)
    assert longer_plan(plan, USUAL, 1000, 50, 0.01) == replace(
        plan, epochs=4, share=1.0, seconds_per_text=0.01
    )
    assert longer_plan(plan, USUAL, 1000, 1e6, 0.01) == replace(
        plan, epochs=USUAL.epochs, share=1.0, seconds_per_text=0.01
    )
    assert longer_plan(plan, USUAL, 1000, 2.4, 0.01) is None  # 192 texts
    assert longer_plan(replace(plan, epochs=7, share=1.0), USUAL, 1000, 1e6, 0.01) is None


def test_slow_settings_are_timed_briefly(words: EmbeddedDataset, monkeypatch: Any) -> None:
    """After a warm-up and one slow step, no more steps are run."""
    steps: list[float] = []

    def slow(self: Any, *arguments: Any) -> float:
        steps.append(self.settings.learning_rate)
        time.sleep(0.02 if self.settings.precision == "bfloat16" else 0.001)
        return 0.0

    monkeypatch.setattr(Trainer, "_train_on", slow)
    plan = plan_training(
        make_task, words, USUAL, 1.0, threads=[1], precisions=("float32", "bfloat16")
    )
    assert (plan.precision, len(steps)) == ("float32", 1 + PROBED_BATCHES + 2)
