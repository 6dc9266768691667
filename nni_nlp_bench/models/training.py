"""Trainings that end with a model folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.distillation.fine_tuning import FineTuning, fine_tune
from nni_nlp_bench.models.manifest import BELOW_TRAINING, Manifest
from nni_nlp_bench.models.saving import save_classifier, save_language_model
from nni_nlp_bench.training.classification.classifier import Classifier
from nni_nlp_bench.training.classification.run import ClassifierCurves
from nni_nlp_bench.training.classification.run import train_classifier as run_classifier
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.log import Curves
from nni_nlp_bench.training.models import AnyLanguageModel, LanguageArchitecture
from nni_nlp_bench.training.run import train as run_language_model
from nni_nlp_bench.training.settings import Settings


def train_classifier(
    task: Task, out: Path | None, *, origin: str = Manifest.origin, **options: Any
) -> ClassifierCurves:
    """Train a classifier, and write the folder `model` into the output folder.

    Args:
        task: Network, data and settings.
        out: Folder for the checkpoint, from which the same call resumes; None for no files.
        origin: How the architecture was found, for the model card.
        **options: Other options of `training.classification.run.train_classifier`.

    Raises:
        UserError: A checkpoint is damaged, or a file cannot be written.
    """
    if out is None:
        return run_classifier(task, **options)
    trained: list[Classifier] = []
    curves = run_classifier(task, out, finished=trained.append, **options)
    for model in trained:
        metrics = classifier_metrics(curves)
        save_classifier(out / BELOW_TRAINING, task, model, metrics=metrics, origin=origin)
    return curves


def fine_tune_teacher(
    task: FineTuning, out: Path, progress: Callable[[float], None] = lambda epochs: None
) -> ClassifierCurves:
    """Fine-tune a teacher; the output folder is a model folder as well. See `fine_tune`."""

    def save(model: Classifier, curves: ClassifierCurves) -> None:
        save_classifier(out, task, model, metrics=classifier_metrics(curves))

    return fine_tune(task, out, progress, save)


def classifier_metrics(curves: ClassifierCurves) -> dict[str, Any]:
    """Return the metrics of the kept weights of a training, for a model card."""
    kept = curves.kept_epoch - 1
    found: dict[str, Any] = {"train loss (nats)": curves.train_losses[kept]}
    for name, values in (("dev accuracy", curves.dev_accuracies), ("dev F1", curves.dev_f1s)):
        if values:
            found[name] = values[kept]
    for name, value in (("test accuracy", curves.test_accuracy), ("test F1", curves.test_f1)):
        if value is not None:
            found[name] = value
    return {**found, "parameters without embeddings": curves.parameters}


def train_language_model(
    architecture: LanguageArchitecture,
    corpus: Corpus,
    settings: Settings,
    out: Path | None,
    **options: Any,
) -> Curves:
    """Train a language model, and write the folder `model` into the output folder.

    Args:
        architecture: A cell, or a decoder.
        corpus: The corpus.
        settings: Sizes, regularisation and schedule.
        out: Folder for the log and the checkpoint, from which the same call resumes; None for no
            files.
        **options: Other options of `training.run.train`.

    Raises:
        UserError: A checkpoint is damaged, or a file cannot be written.
    """
    if out is None:
        return run_language_model(architecture, corpus, settings, **options)
    trained: list[AnyLanguageModel] = []
    curves = run_language_model(
        architecture, corpus, settings, out, finished=trained.append, **options
    )
    for model in trained:
        metrics = {
            "valid loss (nats per token)": curves.val_losses[-1],
            "test loss (nats per token)": curves.test_losses[-1],
            "epochs": curves.epochs,
        }
        save_language_model(out / BELOW_TRAINING, architecture, corpus, settings, model, metrics)
    return curves
