"""Training of the candidates within their time, and their scores."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.automl.candidates import Candidate
from nni_nlp_bench.automl.evaluation import evaluate, latency_ms
from nni_nlp_bench.automl.fit import Training, measure
from nni_nlp_bench.automl.journal import RunJournal
from nni_nlp_bench.automl.scores import Score
from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.models.loading import load_classifier
from nni_nlp_bench.models.manifest import BELOW_TRAINING
from nni_nlp_bench.models.saving import save_linear
from nni_nlp_bench.parallel.execution import Execution, InProcess, Step
from nni_nlp_bench.training.classification.plan import TrainingPlan, longer_plan
from nni_nlp_bench.training.classification.run import ClassifierCurves
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.linear import STRENGTHS, LinearClassifier

CANDIDATES = "candidates"
TFIDF = "tfidf"
OVERTIME = 1.5
"""Share of its time after which a training is ended: other processes may have slowed it."""


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
        execution: Where trainings run.
    """

    folder: Path
    journal: RunJournal
    seed: int
    device: str
    threads: int | None
    progress: Step
    execution: Execution = field(default_factory=InProcess)
    _measuring: Lock = field(default_factory=Lock, init=False, repr=False)

    def model_folder(self, name: str) -> Path:
        """Return the folder of a candidate's model."""
        return self.folder / CANDIDATES / name / BELOW_TRAINING

    def checkpoints(self, space: str) -> Path | None:
        """Return the folder in which workers share the checkpoints of a search.

        None for a temporary one of this process.
        """
        return None if self.execution.threads is None else self.folder / f"search-{space}"

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
            plan = self.execution.call(
                measure,
                candidate,
                self.execution.share(words),
                seconds,
                self.threads,
                self.device,
                least_epochs,
                progress=self.progress,
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
        deadline = time.time() + seconds
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
        settings = plan.settings(candidate.settings)
        return self.run(candidate, words, plan, settings, folder, deadline)

    def run(
        self,
        candidate: Candidate,
        words: EmbeddedDataset,
        plan: TrainingPlan,
        settings: ClassifierSettings,
        folder: Path,
        deadline: float,
        *,
        overtime: float = OVERTIME,
        label: str | None = None,
    ) -> ClassifierCurves:
        """Run one training of a candidate on all texts or those of the plan; see `Training`."""
        name = label or candidate.name
        self.progress(name, 0.0)
        own = (self.seed, self.device, folder, deadline, overtime, name)
        training = Training(candidate, plan, settings, *own)
        return self.execution.call(
            training.run, self.execution.share(words), progress=self.progress
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
        left = deadline - time.time()
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
        with self._measuring:
            model = load_classifier(self.model_folder(name))
            count = model.count_parameters()
            latency = latency_ms(model, data.dev)
        score = Score(
            name=name,
            parameters=count.total,
            embedding=count.embedding,
            latency_ms=latency,
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
