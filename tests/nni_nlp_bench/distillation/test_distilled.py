"""Fine-tuned teachers and distilled students."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.distillation.distilled import (
    KD_WEIGHT,
    DistilledClassifier,
    DistilledTask,
    distilled,
    student_outputs,
)
from nni_nlp_bench.distillation.fine_tuning import (
    TRAINING,
    fine_tune,
    fine_tuned,
    fine_tuning,
    fine_tuning_settings,
)
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.losses.registry import LOSSES
from nni_nlp_bench.distillation.tokens import teacher_words
from nni_nlp_bench.training.classification.classifier import Classifier
from nni_nlp_bench.training.classification.run import train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task, network_task
from nni_nlp_bench.training.classification.words import EmbeddedDataset, subsample_train
from search_spaces.registry import get_space

TUNING = fine_tuning_settings(epochs=2, batch_size=16, max_length=8, learning_rate=5e-3)
SETTINGS = ClassifierSettings(
    epochs=2, batch_size=12, max_length=8, optimizer="sgd", learning_rate=0.05
)


@pytest.fixture(scope="module")
def tuned(
    teacher_folder: Path, synthetic_set: Any, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A teacher that has learned the labels."""
    folder = tmp_path_factory.mktemp("tuned")
    fine_tune(fine_tuning(str(teacher_folder), synthetic_set, TUNING), folder)
    return folder


@pytest.fixture(scope="module")
def words(tuned: Path, synthetic_set: Any) -> EmbeddedDataset:
    """Its tokens."""
    return teacher_words(synthetic_set, load_teacher(str(tuned)))


def plain(
    words: EmbeddedDataset, space: str = "emd_cell", settings: ClassifierSettings = SETTINGS
) -> Task:
    known = get_space(space)
    options = {"width": 4, "cells": 2} if space == "emd_cell" else {"width": 4}
    architecture = known.parse(known.published_names()[0])
    return network_task(space, architecture, words, settings, **options)


def test_a_fine_tuned_teacher_is_read_back(tuned: Path, synthetic_set: Any) -> None:
    teacher = load_teacher(str(tuned))
    assert teacher.labels == synthetic_set.labels
    assert teacher.fine_tuned_on == synthetic_set.name
    metadata = json.loads((tuned / "teacher.json").read_text("utf-8"))
    assert metadata["digest"] == synthetic_set.digest
    curves = fine_tuned(tuned)
    assert curves is not None
    assert curves.epochs == TUNING.epochs
    assert metadata["dev_accuracy"] == curves.dev_accuracies[-1]
    assert curves.train_losses[-1] < curves.train_losses[0]
    assert not (tuned / TRAINING).exists()


def test_fine_tuning_resumes_bit_for_bit(
    tuned: Path, teacher_folder: Path, synthetic_set: Any, tmp_path: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop(trained: float) -> None:
        if trained > 1.3:
            raise StoppedError

    with pytest.raises(StoppedError):
        fine_tune(fine_tuning(str(teacher_folder), synthetic_set, TUNING), tmp_path, stop)
    assert fine_tuned(tmp_path) is None
    fine_tune(fine_tuning(str(teacher_folder), synthetic_set, TUNING), tmp_path)
    assert load_teacher(str(tmp_path)).digest == load_teacher(str(tuned)).digest


def test_a_teacher_is_tuned_anew_for_other_labels(tuned: Path, synthetic_set: Any) -> None:
    other = replace(synthetic_set, labels=("a", "b", "c", "d", "e"))
    task = fine_tuning(str(tuned), other, TUNING)
    assert task.teacher.model.config.num_labels == 5


@pytest.mark.parametrize("space", ["emd_cell", "textnas"])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_the_loss_is_that_of_labels_plus_a_weight_times_the_kd_loss(
    space: str, loss: str, words: EmbeddedDataset
) -> None:
    task = distilled(plain(words, space), loss, 3.0)
    trainer = task.trainer()
    model = trainer.model
    assert isinstance(model, DistilledClassifier)
    assert isinstance(model.objective.loss, LOSSES.get(loss))
    model.eval()
    batch = trainer.data.shuffled(9, np.random.default_rng(0))[0]
    student = student_outputs(model.network, model.embedding(batch.words), batch.mask)
    kd_loss = model.objective(student, batch)
    labels = functional.cross_entropy(student.logits, batch.labels)
    torch.testing.assert_close(model.loss(batch), labels + 3.0 * kd_loss)
    torch.testing.assert_close(model(batch), student.logits)


def test_layers_are_weighed_anew_after_every_step(words: EmbeddedDataset) -> None:
    trainer = distilled(plain(words), "emd").trainer()
    transport: Any = trainer.model.objective.loss.transport  # type: ignore[union-attr]
    before = transport.student_weights.clone()
    trainer.train_epoch(0)
    assert not torch.equal(before, transport.student_weights)
    assert transport.student_weights.sum().item() == pytest.approx(1)
    assert "objective.loss.transport.student_weights" in trainer.state()["model"]


def test_a_student_trains_and_resumes_bit_for_bit(words: EmbeddedDataset, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(trained: float) -> None:
        if trained > 1.3:
            raise StoppedError

    task = distilled(plain(words), "emd")
    whole = train_classifier(task)
    assert whole.status == "OK"
    assert whole.dev_accuracies[-1] > 0.5  # a third is chance
    with pytest.raises(StoppedError):
        train_classifier(task, tmp_path, progress=stop, checkpoint_s=0)
    again = train_classifier(task, tmp_path)
    assert again.train_losses == whole.train_losses
    assert again.dev_accuracies == whole.dev_accuracies
    with pytest.raises(UserError, match="is of a training with another kd_weight"):
        train_classifier(distilled(plain(words), "emd", 1.0), tmp_path)


def test_a_kd_loss_of_no_weight_changes_nothing(words: EmbeddedDataset) -> None:
    alone, beside = (
        train_classifier(task) for task in (plain(words), distilled(plain(words), "emd", 0.0))
    )
    assert beside.dev_losses == pytest.approx(alone.dev_losses, rel=1e-4)
    assert type(distilled(plain(words), "none").trainer().model) is Classifier


def test_the_weight_is_that_of_the_set(words: EmbeddedDataset) -> None:
    rates = {}
    for name in ("mrpc", "sst-2", "trec"):
        task = distilled(plain(replace(words, data=replace(words.data, name=name))))
        assert isinstance(task, DistilledTask)
        rates[name] = task.weight
    assert rates == {"mrpc": 1e5, "sst-2": 1e-3, "trec": KD_WEIGHT}


def test_words_and_unknown_losses_are_refused(words: EmbeddedDataset) -> None:
    with pytest.raises(UserError, match="unknown distillation loss 'nonsense'; known: "):
        distilled(plain(words), "nonsense")
    with pytest.raises(UserError, match="give --teacher"):
        distilled(plain(EmbeddedDataset.of(words.data, width=4)))


def test_a_share_of_the_sentences(words: EmbeddedDataset) -> None:
    part = subsample_train(words, 0.25, 0)
    assert len(part.data.train) == len(words.data.train) // 4
    assert set(part.data.train) <= set(words.data.train)
    assert part.data.dev == words.data.dev
    assert part.data.digest != words.data.digest
    assert subsample_train(words, 0.25, 0).data == part.data != subsample_train(words, 0.25, 1).data
    assert len(subsample_train(words, 1e-9, 0).data.train) == 1
