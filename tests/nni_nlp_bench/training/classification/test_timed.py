"""A training within a time has a plan, which is kept in its folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.classification.plan import LEAST_TEXTS
from nni_nlp_bench.training.classification.run import ClassifierCurves, train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task, baseline_task
from nni_nlp_bench.training.classification.timed import PLAN, TimedTraining, timed
from nni_nlp_bench.training.classification.words import EmbeddedDataset

HOURS, MOMENT = 1e5, 1e-6
SETTINGS = ClassifierSettings(epochs=3, batch_size=16)


def task(words: EmbeddedDataset) -> Task:
    return baseline_task("cnn", words, SETTINGS, width=8)


def timeless(curves: ClassifierCurves) -> dict[str, Any]:
    return {**asdict(curves), "wall_times": len(curves.wall_times)}


def run(training: TimedTraining, out: Path | None = None) -> ClassifierCurves:
    return train_classifier(training.task, out, threads=training.threads, stop=training.stop)


def test_a_time_that_suffices_changes_nothing(words: EmbeddedDataset) -> None:
    limited = timed(task(words), HOURS, None, threads=1)
    assert limited.task.settings == SETTINGS
    assert timeless(run(limited)) == timeless(train_classifier(task(words), threads=1))


def test_a_moment_is_one_epoch_of_the_fewest_texts(words: EmbeddedDataset) -> None:
    limited = timed(task(words), MOMENT, None, threads=None)
    assert limited.task.settings.epochs == 1
    assert len(limited.task.words.data.train) == min(LEAST_TEXTS, len(words.data.train))
    curves = run(limited)
    assert (curves.epochs, curves.stopped, curves.status) == (1, True, "OK")
    assert len(curves.dev_accuracies) == 1


def test_a_resumed_training_keeps_its_plan_and_its_time(
    words: EmbeddedDataset, tmp_path: Path
) -> None:
    whole = run(timed(task(words), HOURS, tmp_path, threads=1), tmp_path)
    again = timed(task(words), sum(whole.wall_times) / 2, tmp_path, threads=None)
    assert (again.task.settings, again.threads) == (SETTINGS, 1)
    assert again.stop()
    assert timeless(run(again, tmp_path)) == timeless(whole)


@pytest.mark.parametrize("content", ["[1]", "{}", '{"epochs": 1, "other": 2}', "{"])
def test_a_damaged_plan(words: EmbeddedDataset, tmp_path: Path, content: str) -> None:
    (tmp_path / PLAN).write_text(content)
    with pytest.raises(UserError, match=PLAN):
        timed(task(words), HOURS, tmp_path, threads=1)


def test_no_time_is_no_limit(words: EmbeddedDataset) -> None:
    own = task(words)
    assert timed(own, None, None, threads=2) == TimedTraining(own, 2)
