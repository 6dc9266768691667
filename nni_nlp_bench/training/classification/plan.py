"""How long, on how much data and with how many threads a network is trained, by measurement."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Self

import numpy as np
import torch

from nni_nlp_bench.training.classification.settings import ClassifierSettings, Precision
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.classification.words import EmbeddedDataset, subsample_train
from nni_nlp_bench.training.threads import torch_threads

PROBED_BATCHES = 4
LEAST_TEXTS = 500
"""A training reads at least so many texts, if there are."""
_TOO_SLOW = 1.5
_SAFETY = 0.8
"""Share of the time that is planned: evaluations and other processes take some too."""

MakeTask = Callable[[EmbeddedDataset, ClassifierSettings], Task]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Length of a training, and how it runs."""

    epochs: int
    share: float
    """Share of the training texts that is used."""
    threads: int
    precision: Precision
    seconds_per_text: float
    """Measured time of one training step per text."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return what `to_dict` described."""
        return cls(**values)

    def settings(self, usual: ClassifierSettings) -> ClassifierSettings:
        """Return the settings of the training."""
        return replace(usual, epochs=self.epochs, precision=self.precision)

    def search_settings(self, usual: ClassifierSettings, epochs: int) -> ClassifierSettings:
        """Return the settings of a search's trainings, which must all have equal schedules."""
        return replace(self.settings(usual), epochs=min(self.epochs, epochs), patience=None)

    def words(self, words: EmbeddedDataset, seed: int) -> EmbeddedDataset:
        """Return the texts of the training."""
        return words if self.share >= 1 else subsample_train(words, self.share, seed)


def plan_training(
    make_task: MakeTask,
    words: EmbeddedDataset,
    usual: ClassifierSettings,
    seconds: float,
    *,
    threads: Sequence[int],
    precisions: Sequence[Precision] = ("float32",),
    least_epochs: int = 1,
) -> TrainingPlan:
    """Plan a training that takes about so many seconds.

    A few steps are timed with each number of threads and each precision. The training has as many
    epochs as fit, rounded, at most those of the settings; if the least number does not fit, fewer
    texts.

    Args:
        make_task: Makes the training of the network on given texts.
        words: All texts.
        usual: Settings, with the largest number of epochs.
        seconds: Time of the training.
        threads: Numbers of threads that are tried.
        precisions: Precisions that are tried.
        least_epochs: Least number of epochs.
    """
    size = len(words.data.train)
    probe = min(1.0, (1 + PROBED_BATCHES) * usual.batch_size / size)
    texts = subsample_train(words, probe, usual.seed)
    best = TrainingPlan(1, 1.0, threads[0], precisions[0], math.inf)
    for kind, count in product(precisions, threads):
        task = make_task(texts, replace(usual, precision=kind))
        per_text = _seconds_per_text(task, count, best.seconds_per_text)
        if per_text < best.seconds_per_text:
            best = TrainingPlan(1, 1.0, count, kind, per_text)
    return _fitted(best, usual, size, seconds, least_epochs)


def longer_plan(
    plan: TrainingPlan,
    usual: ClassifierSettings,
    size: int,
    seconds: float,
    seconds_per_text: float,
) -> TrainingPlan | None:
    """Return the plan of a training in place of one that was faster than planned.

    Other processes may have slowed the steps that were timed.

    Args:
        plan: Plan of the training that has ended.
        usual: Settings, with the largest number of epochs.
        size: Number of training texts.
        seconds: Time that is left.
        seconds_per_text: Measured time of the training per text.

    Returns:
        The plan; None if it reads less than twice as many texts.
    """
    faster = replace(plan, seconds_per_text=seconds_per_text)
    affordable = min(usual.epochs, _affordable(faster, size, seconds))
    if affordable < 2 * plan.epochs * plan.share:
        return None
    return _fitted(faster, usual, size, seconds, plan.epochs)


def _affordable(plan: TrainingPlan, size: int, seconds: float) -> float:
    """Return how many epochs of all texts fit into the time."""
    return _SAFETY * seconds / (plan.seconds_per_text * size)


def _fitted(
    plan: TrainingPlan, usual: ClassifierSettings, size: int, seconds: float, least_epochs: int
) -> TrainingPlan:
    """Return the plan with the epochs and the share of texts that fit into the time."""
    affordable = _affordable(plan, size, seconds)
    epochs = max(least_epochs, min(usual.epochs, round(affordable)))
    least = min(1.0, LEAST_TEXTS / size)
    return replace(plan, epochs=epochs, share=min(1.0, max(least, affordable / epochs)))


def _seconds_per_text(task: Task, threads: int, limit: float) -> float:
    """Return the median time of a step per text, after one step of warm-up.

    After a step that takes longer than `limit` seconds per text by far, no more are timed.
    """
    ends: list[float] = []

    def after_step(done: int, total: int) -> None:
        ends.append(time.perf_counter())

    def too_slow() -> bool:
        taken = np.diff(ends)
        return len(taken) > 0 and taken[-1] > _TOO_SLOW * limit * task.settings.batch_size

    before = torch.get_rng_state()
    with torch_threads(threads, parameters=0):
        task.trainer().train_epoch(0, after_step, too_slow)
    torch.set_rng_state(before)
    if len(ends) == 1:  # one batch holds all texts
        return 0.01
    return float(np.median(np.diff(ends))) / task.settings.batch_size
