"""Training of the candidates within their time, and their scores."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.automl.candidates import Candidate
from nni_nlp_bench.automl.evaluation import evaluate, latency_ms
from nni_nlp_bench.automl.journal import RunJournal
from nni_nlp_bench.automl.scores import Score
from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.models.loading import load_classifier
from nni_nlp_bench.models.manifest import BELOW_TRAINING
from nni_nlp_bench.models.saving import save_linear
from nni_nlp_bench.models.training import train_classifier
from nni_nlp_bench.training.classification.plan import TrainingPlan, longer_plan, plan_training
from nni_nlp_bench.training.classification.run import ClassifierCurves
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.linear import STRENGTHS, LinearClassifier

CANDIDATES = "candidates"
TFIDF = "tfidf"
CHECKPOINT_S = 60.0
OVERTIME = 1.5
"""Share of its time after which a training is ended: other processes may have slowed it."""

Progress = Callable[[str, float], None]
"""Called with what is trained now, and the share of it that is done."""


@dataclass(frozen=True)
class CandidateTrainer:
    """Trains candidates, saves their models and logs their scores.

    Attributes:
        folder: Output folder of the run.
        journal: Log of plans and scores; what it has is not done again.
        seed: Seed of the samples of texts.
        device: Torch device.
        threads: Number of CPU threads; None for the fastest.
        progress: Called after every step.
    """

    folder: Path
    journal: RunJournal
    seed: int
    device: str
    threads: int | None
    progress: Progress

    def model_folder(self, name: str) -> Path:
        """Return the folder of a candidate's model."""
        return self.folder / CANDIDATES / name / BELOW_TRAINING

    def plan(
        self,
        name: str,
        candidate: Candidate,
        words: EmbeddedDataset,
        seconds: float,
        least_epochs: int = 1,
    ) -> TrainingPlan:
        """Return the logged plan of that name, or measure and log it."""
        if name not in self.journal.plans:
            self.progress(f"{candidate.name}: measuring the speed", 0.0)
            plan = plan_training(
                partial(candidate.task, device=self.device),
                words,
                candidate.settings,
                seconds,
                threads=candidate.thread_counts if self.threads is None else [self.threads],
                precisions=candidate.precisions,
                least_epochs=least_epochs,
            )
            self.journal.record_plan(name, plan)
        return self.journal.plans[name]

    def train(self, candidate: Candidate, words: EmbeddedDataset, seconds: float) -> Score | None:
        """Train a network in about so many seconds, or resume its training.

        Returns:
            The score; None if the training diverged.

        Raises:
            UserError: A file cannot be written.
        """
        name = candidate.name
        if name in self.journal.scores or name in self.journal.failures:
            return self.journal.scores.get(name)
        deadline = time.monotonic() + seconds
        folder = self.folder / CANDIDATES / name
        longer = folder.with_name(f"{name}-longer")
        plan = self.plan(name, candidate, words, seconds)
        curves = self._fit(candidate, words, plan, folder, deadline)
        if replanned := self._longer(candidate, words, curves, deadline):
            again = self._fit(candidate, words, replanned, longer, deadline)
            if again.status == OK and best_accuracy(again) > best_accuracy(curves):
                self.journal.record_plan(name, replanned)
                plan, curves = replanned, again
                shutil.rmtree(folder)
                longer.replace(folder)
            else:
                shutil.rmtree(longer)
        if curves.status != OK:
            self.journal.record_failure(name, curves.status)
            return None
        remove_checkpoints(folder)
        kept = curves.kept_epoch
        return self._record(
            words.data,
            name=name,
            kind=candidate.kind,
            accuracy=best_accuracy(curves),
            macro_f1=curves.dev_macro_f1s[kept - 1],
            seconds=sum(curves.wall_times),
            epochs=kept,
            share=plan.share,
        )

    def _fit(
        self,
        candidate: Candidate,
        words: EmbeddedDataset,
        plan: TrainingPlan,
        folder: Path,
        deadline: float,
    ) -> ClassifierCurves:
        """Train by a plan; past the deadline by far, the training ends and is evaluated."""
        name, settings = candidate.name, plan.settings(candidate.settings)
        task = candidate.task(plan.words(words, self.seed), settings, self.device)
        task.prepare(lambda done, total: self.progress(f"{name}: teacher", done / (total or 1)))
        end = deadline + (OVERTIME - 1) * max(0.0, deadline - time.monotonic())
        return train_classifier(
            task,
            folder,
            origin=candidate.origin,
            threads=plan.threads,
            checkpoint_s=CHECKPOINT_S,
            progress=lambda epochs: self.progress(name, epochs / plan.epochs),
            stop=lambda: time.monotonic() > end,
        )

    def _longer(
        self,
        candidate: Candidate,
        words: EmbeddedDataset,
        curves: ClassifierCurves,
        deadline: float,
    ) -> TrainingPlan | None:
        """Return a plan for the time that is left if the training was faster than planned."""
        name = f"{candidate.name}: longer"
        if name in self.journal.plans:  # of an interrupted run
            return self.journal.plans[name]
        plan = self.journal.plans[candidate.name]
        size = len(words.data.train)
        read = curves.epochs * max(1, round(plan.share * size))
        ended = curves.stopped or (curves.epochs < plan.epochs and plan.share >= 1)
        if curves.status != OK or ended:
            return None
        per_text = sum(curves.wall_times) / read
        left = deadline - time.monotonic()
        found = longer_plan(plan, candidate.settings, size, left, per_text)
        if found is not None:
            self.journal.record_plan(name, found)
        return found

    def train_linear(self, data: LabelledSet) -> Score:
        """Fit TF-IDF with logistic regression, with the penalty that is best on dev."""
        if TFIDF in self.journal.scores:
            return self.journal.scores[TFIDF]
        start = time.perf_counter()
        self.progress(TFIDF, 0.0)
        texts = texts_and_labels(data.train)
        models = LinearClassifier.fit_path(*texts, STRENGTHS, count=len(data.labels))
        accuracy, macro_f1, best, model = -1.0, 0.0, 0.0, None
        for i, (strength, fitted) in enumerate(zip(STRENGTHS, models, strict=True), start=1):
            self.progress(TFIDF, i / len(STRENGTHS))
            found = evaluate(fitted.probabilities, data.labels, data.dev)
            if found.accuracy <= accuracy:
                break
            accuracy, macro_f1, best, model = found.accuracy, found.macro_f1, strength, fitted
        assert model is not None
        metrics = {"dev accuracy": accuracy, "dev macro F1": macro_f1}
        training = {"C": best, "n-grams": f"1 to {model.ngrams}"}
        save_linear(self.model_folder(TFIDF), data, model, training=training, metrics=metrics)
        return self._record(
            data,
            name=TFIDF,
            kind="baseline",
            accuracy=accuracy,
            macro_f1=macro_f1,
            seconds=time.perf_counter() - start,
            epochs=0,
            share=1.0,
        )

    def _record(self, data: LabelledSet, *, name: str, **values: Any) -> Score:
        """Measure the costs of a saved model, and log its score."""
        model = load_classifier(self.model_folder(name))
        count = model.count_parameters()
        score = Score(
            name=name,
            parameters=count.total,
            embedding=count.embedding,
            latency_ms=latency_ms(model, data.dev),
            **values,
        )
        self.journal.record_score(score)
        return score


def best_accuracy(curves: ClassifierCurves) -> float:
    """Return the dev accuracy of the kept weights."""
    return curves.dev_accuracies[curves.kept_epoch - 1]


def texts_and_labels(
    sentences: Sequence[Sentence],
) -> tuple[list[tuple[str, ...]], NDArray[np.int64]]:
    """Return the words and the label ids of sentences."""
    return [s.words for s in sentences], np.array([s.label for s in sentences], dtype=np.int64)


def remove_checkpoints(folder: Path) -> None:
    """Remove everything but the model from the folder of a finished training."""
    for path in folder.iterdir():
        if path.name != BELOW_TRAINING:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
