"""Trainings leave a folder that `load_model` reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from trained_models import labelled_set

import nni_nlp_bench as nb
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.distillation.fine_tuning import fine_tuned, fine_tuning, fine_tuning_settings
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.models.loading import load_classifier, load_model
from nni_nlp_bench.models.training import fine_tune_teacher, train_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import baseline_task
from nni_nlp_bench.training.classification.words import EmbeddedDataset


def test_a_training_writes_a_model_and_again_when_it_is_resumed(tmp_path: Path) -> None:
    words = EmbeddedDataset.of(labelled_set(), width=4)
    task = baseline_task("bag_of_vectors", words, ClassifierSettings(epochs=1, batch_size=20))
    curves = train_classifier(task, tmp_path, origin="a test")
    manifest = load_model(tmp_path).manifest
    assert manifest.origin == "a test"
    assert manifest.metrics["dev accuracy"] == curves.dev_accuracies[-1]
    (tmp_path / "model" / "model.json").unlink()  # as if the writer had been killed
    train_classifier(task, tmp_path, origin="a test")
    assert load_model(tmp_path).manifest == manifest


def test_metrics_are_those_of_the_kept_weights(tmp_path: Path) -> None:
    words = EmbeddedDataset.of(labelled_set(), width=8)
    settings = ClassifierSettings(epochs=20, batch_size=20, learning_rate=0.1, patience=2)
    curves = train_classifier(baseline_task("cnn", words, settings, width=8), tmp_path)
    assert curves.kept_epoch < curves.epochs
    manifest = load_model(tmp_path).manifest
    assert manifest.metrics["dev accuracy"] == max(curves.dev_accuracies)
    assert manifest.metrics["train loss (nats)"] == curves.train_losses[curves.kept_epoch - 1]


def test_the_public_functions_leave_models_too(tmp_path: Path) -> None:
    cell = nb.get_space("emd_cell").parse("example")
    sizes = {"width": 4, "cells": 1, "epochs": 1}
    nb.train_classifier(cell, "docstrings", space="emd_cell", out=tmp_path / "a", **sizes)
    assert isinstance(nb.load_model(tmp_path / "a"), nb.TextClassifier)
    lstm = nb.get_space("rnn_cell").parse("lstm")
    widths = {"embedding": 4, "hidden": 4, "layers": 1, "epochs": 1}
    nb.train_language_model(lstm, "pydoc-small", out=tmp_path / "b", **widths)
    assert isinstance(nb.load_model(tmp_path / "b"), nb.LanguageModel)


def test_a_network_of_no_space_is_not_saved(tmp_path: Path) -> None:
    from dataclasses import replace

    from torch import nn

    words = EmbeddedDataset.of(labelled_set(), width=4)
    task = baseline_task("bag_of_vectors", words, ClassifierSettings(epochs=1, batch_size=20))

    def network() -> nn.Module:
        made: nn.Module = task.network()
        return made

    with pytest.raises(UserError, match="only networks of search spaces and baselines"):
        train_classifier(replace(task, network=network), tmp_path)


def test_a_fine_tuned_teacher_is_a_model(teacher_folder: Path, tmp_path: Path) -> None:
    """Its folder serves as teacher and as model, with one copy of the weights."""
    settings = fine_tuning_settings(epochs=1, batch_size=20, max_length=8)
    data = labelled_set()
    curves = fine_tune_teacher(fine_tuning(str(teacher_folder), data, settings), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"README.md", "config.json", "model.json", "model.safetensors",
                     "teacher.json", "tokenizer.json", "tokenizer_config.json"}  # fmt: skip
    assert fine_tuned(tmp_path) == curves
    teacher, model = load_teacher(str(tmp_path)), load_classifier(tmp_path)
    assert teacher.labels == model.labels == data.labels
    assert teacher.fine_tuned_on == "moods"
    assert model.manifest.kind == "transformer"
    found = model.predict_probabilities([" ".join(sentence.words) for sentence in data.dev])
    hits = found.argmax(1) == [sentence.label for sentence in data.dev]
    assert hits.mean() == pytest.approx(curves.dev_accuracies[-1])
    metadata = json.loads((tmp_path / "teacher.json").read_text("utf-8"))
    assert metadata["dev_accuracy"] == model.manifest.metrics["dev accuracy"]


def test_single_texts_and_pairs_in_one_batch(teacher_folder: Path) -> None:
    """A single text has no second separator."""
    teacher = load_teacher(str(teacher_folder))
    sentences = [("w1",), ("w1", "[sep]", "w2"), ("w3", "w4")]
    alone = [teacher.ids([sentence], 8)[0] for sentence in sentences]
    assert teacher.ids(sentences, 8) == alone
    assert [len(ids) for ids in alone] == [3, 5, 4]
    assert np.unique([ids[0] for ids in alone]).size == 1
