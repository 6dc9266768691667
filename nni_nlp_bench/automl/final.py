"""The chosen model: trained on train and dev, and evaluated on test."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

from nni_nlp_bench.automl.candidates import Candidate
from nni_nlp_bench.automl.evaluation import Evaluation, evaluate
from nni_nlp_bench.automl.scores import Score
from nni_nlp_bench.automl.training import (
    TFIDF,
    CandidateTrainer,
    texts_and_labels,
)
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.scratch import remove_stale, scratch_folder
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.models.card import model_card
from nni_nlp_bench.models.loading import load_classifier
from nni_nlp_bench.models.manifest import BELOW_TRAINING, Manifest, add_metrics
from nni_nlp_bench.models.saving import save_linear
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.linear import LinearClassifier

FINAL = "final"
"""Name of the folder of the unfinished training on train and dev."""
REFIT = 1.3
"""Time of training on train and dev, relative to that on train; if it does not end in time, the
candidate's model is taken."""


def finish(
    trainer: CandidateTrainer,
    score: Score,
    candidate: Candidate | None,
    words: EmbeddedDataset,
) -> Evaluation:
    """Write the chosen model to the folder `model`, and evaluate it on test.

    It is trained again on train and dev if the time suffices, else the model of the candidate is
    taken.

    Args:
        trainer: Has the candidates' models.
        score: Score of the chosen candidate.
        candidate: The chosen candidate; None for TF-IDF.
        words: Texts as the candidate reads them.

    Returns:
        The evaluation on the test set.

    Raises:
        UserError: A file cannot be written.
    """
    data, target = words.data, trainer.folder / BELOW_TRAINING
    if trainer.journal.notes.get(FINAL) != score.name:
        _write(trainer, score, candidate, words, target)
        trainer.journal.record_note(FINAL, score.name)
    model = load_classifier(target)
    trainer.progress("evaluating on test", 0.0)
    found = evaluate(model.predict_words, data.labels, data.test)
    metrics = {
        "dev accuracy": score.accuracy,
        "dev macro F1": score.macro_f1,
        "test accuracy": found.accuracy,
        "test macro F1": found.macro_f1,
        "latency per text (ms)": score.latency_ms,
    }
    add_metrics(target, metrics, model_card)
    return found


def _write(
    trainer: CandidateTrainer,
    score: Score,
    candidate: Candidate | None,
    words: EmbeddedDataset,
    target: Path,
) -> None:
    if trainer.journal.left_s < REFIT * score.seconds and not (trainer.folder / FINAL).exists():
        _copy(trainer.model_folder(score.name), target)
    elif candidate is None:
        _refit_linear(trainer, words.data, target)
    else:
        _refit(trainer, score, candidate, words, target)


def _refit_linear(trainer: CandidateTrainer, data: LabelledSet, target: Path) -> None:
    trainer.progress(f"{TFIDF}: train and dev", 0.0)
    training = dict(Manifest.read(trainer.model_folder(TFIDF)).training)
    texts = texts_and_labels([*data.train, *data.dev])
    model = LinearClassifier.fit(*texts, training["C"], count=len(data.labels))
    save_linear(target, data, model, training={**training, "train on": "train+dev"}, metrics={})


def _refit(
    trainer: CandidateTrainer,
    score: Score,
    candidate: Candidate,
    words: EmbeddedDataset,
    target: Path,
) -> None:
    plan = trainer.journal.plans[score.name]
    settings = replace(
        plan.settings(candidate.settings), epochs=score.epochs, patience=None, train_on="train+dev"
    )
    folder = trainer.folder / FINAL
    curves = trainer.run(
        candidate,
        words,
        plan,
        settings,
        folder,
        time.time() + trainer.journal.left_s,
        overtime=1.0,
        label=f"{score.name}: train and dev",
    )
    if curves.status == "OK" and not curves.stopped:
        _copy(folder / BELOW_TRAINING, target)
    else:
        _copy(trainer.model_folder(score.name), target)
    shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    """Copy a model folder; a copy that was interrupted is not found under the name."""
    try:
        remove_stale(target.parent)
        with scratch_folder(target.parent) as scratch:
            shutil.copytree(source, scratch / target.name)
            shutil.rmtree(target, ignore_errors=True)
            (scratch / target.name).replace(target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror or error}") from None
