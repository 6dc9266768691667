"""Trainings of classifiers that end within a given time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.core.parse_json import read_json
from nni_nlp_bench.training.classification.plan import TrainingPlan, plan_training
from nni_nlp_bench.training.classification.run import CURVES, ClassifierCurves
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.threads import thread_counts

PLAN = "plan.json"


@dataclass(frozen=True)
class TimedTraining:
    """A training with the epochs, texts and threads that fit into a time."""

    task: Task
    threads: int | None
    stop: Callable[[], bool] = lambda: False
    """Returns true once the time is over."""


def timed(
    task: Task, seconds: float | None, out: Path | None, threads: int | None
) -> TimedTraining:
    """Plan a training that takes at most so many seconds, or read its plan in the folder.

    A few steps are timed with one thread and with one per CPU. The training has as many epochs as
    fit, at most those of the settings, and fewer texts if not even one fits.

    Args:
        task: The training, with the largest number of epochs.
        seconds: Time of all sessions of the training; None for the training as it is.
        out: Its folder, which keeps the plan, so that a resumed training is the same one.
        threads: Number of threads; None for the fastest.

    Raises:
        UserError: The plan in the folder is damaged.
    """
    if seconds is None:
        return TimedTraining(task, threads)
    spent = 0.0
    plan = None if out is None else _read_plan(out / PLAN)
    if plan is None:
        plan = _plan(task, seconds, threads)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            write_json(out / PLAN, plan.to_dict())
    elif out is not None and (out / CURVES).exists():
        spent = sum(ClassifierCurves(**read_json(out / CURVES)).wall_times)
    end = time.monotonic() + seconds - spent
    words = plan.words(task.words, task.settings.seed)
    planned = replace(task, words=words, settings=plan.settings(task.settings))
    return TimedTraining(planned, plan.threads, lambda: time.monotonic() > end)


def _read_plan(path: Path) -> TrainingPlan | None:
    if not path.exists():
        return None
    try:
        return TrainingPlan.from_dict(read_json(path))
    except TypeError:
        raise UserError(f"{path} is damaged; choose another folder") from None


def _plan(task: Task, seconds: float, threads: int | None) -> TrainingPlan:
    return plan_training(
        lambda words, settings: replace(task, words=words, settings=settings),
        task.words,
        task.settings,
        seconds,
        threads=thread_counts(threads),
        precisions=[task.settings.precision],
    )
