"""Measurement and training of one candidate, in this process or on a worker."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nni_nlp_bench.automl.candidates import Candidate
from nni_nlp_bench.models.training import train_classifier
from nni_nlp_bench.parallel.execution import Step
from nni_nlp_bench.training.classification.plan import TrainingPlan, plan_training
from nni_nlp_bench.training.classification.run import ClassifierCurves
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.words import EmbeddedDataset

CHECKPOINT_S = 60.0


def no_step(what: str, share: float) -> None:
    """Ignore the step."""


@dataclass(frozen=True)
class Training:
    """One training of a candidate.

    Attributes:
        candidate: The candidate.
        plan: Texts and threads of the training.
        settings: Its settings.
        seed: Seed of the sample of texts.
        device: Torch device.
        folder: Output folder, with the checkpoint from which it is resumed.
        deadline: Time in seconds since 1970 at which it should end.
        overtime: Time in which it is ended, relative to that which is left at its start.
        label: What is shown while it runs.
    """

    candidate: Candidate
    plan: TrainingPlan
    settings: ClassifierSettings
    seed: int
    device: str
    folder: Path
    deadline: float
    overtime: float
    label: str

    def run(self, words: EmbeddedDataset, progress: Step = no_step) -> ClassifierCurves:
        """Train, or resume. Past its time, the training ends and is evaluated."""
        task = self.candidate.task(self.plan.words(words, self.seed), self.settings, self.device)
        teacher = f"{self.candidate.name}: teacher"
        task.prepare(lambda done, total: progress(teacher, done / (total or 1)))
        end = self.deadline + (self.overtime - 1) * max(0.0, self.deadline - time.time())
        return train_classifier(
            task,
            self.folder,
            origin=self.candidate.origin,
            threads=self.plan.threads,
            checkpoint_s=CHECKPOINT_S,
            progress=lambda epochs: progress(self.label, epochs / self.settings.epochs),
            stop=lambda: time.time() > end,
        )


def measure(
    candidate: Candidate,
    words: EmbeddedDataset,
    seconds: float,
    threads: int | None,
    device: str,
    least_epochs: int,
    progress: Step = no_step,
) -> TrainingPlan:
    """Return the plan of a training of so many seconds, by the measured speed.

    Args:
        candidate: The candidate.
        words: All texts.
        seconds: Time of the training.
        threads: Number of threads; None for the fastest.
        device: Torch device.
        least_epochs: Least number of epochs.
        progress: Called at the start.
    """
    progress(f"{candidate.name}: measuring the speed", 0.0)
    return plan_training(
        partial(candidate.task, device=device),
        words,
        candidate.settings,
        seconds,
        threads=candidate.thread_counts if threads is None else [threads],
        precisions=candidate.precisions,
        least_epochs=least_epochs,
    )
