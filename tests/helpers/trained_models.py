"""Small trained models of every kind, each made in well below a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.data.corpus import UNKNOWN, Corpus
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.distillation.distilled import distilled
from nni_nlp_bench.distillation.fine_tuning import fine_tuning, fine_tuning_settings
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.tokens import teacher_words
from nni_nlp_bench.models.manifest import Manifest
from nni_nlp_bench.models.saving import save_classifier, save_language_model, save_linear
from nni_nlp_bench.models.training import classifier_metrics
from nni_nlp_bench.training.classification.classifier import Classifier
from nni_nlp_bench.training.classification.run import ClassifierCurves
from nni_nlp_bench.training.classification.run import train_classifier as run_classifier
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task, baseline_task, network_task
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.linear import LinearClassifier
from nni_nlp_bench.training.log import Curves
from nni_nlp_bench.training.models import AnyLanguageModel, LanguageArchitecture, settings_for
from nni_nlp_bench.training.run import train as run_language_model
from search_spaces.encoder import EncoderArchitecture, EncoderLayer
from search_spaces.lts import DecoderLayer, LtsArchitecture
from search_spaces.registry import get_space
from search_spaces.rnn_cell.published import named_recipe
from search_spaces.textnas import Arc, Layer

BASELINES = ("bag_of_vectors", "bigru", "cnn")
CLASSIFIERS = ("textnas", "emd_cell", "encoder", "student", *BASELINES, "tfidf", "transformer")
LANGUAGE_MODELS = ("rnn_cell", "enas_cell", "gpt2", "transformer_xl")
MAX_LENGTH = 6
WINDOW = 6
_SETTINGS: dict[str, Any] = {
    "epochs": 6,
    "batch_size": 8,
    "max_length": MAX_LENGTH,
    "learning_rate": 1e-2,
    "epsilon": 1e-8,
}
_LAYER = DecoderLayer(2, 512)


@dataclass(frozen=True)
class TrainedClassifier:
    """A trained classifier, still in memory."""

    data: LabelledSet
    save: Callable[[Path], Manifest]
    """Writes it into a folder."""
    curves: ClassifierCurves | None
    """None for TF-IDF."""


@dataclass(frozen=True)
class TrainedLanguageModel:
    """A trained language model, still in memory."""

    corpus: Corpus
    model: AnyLanguageModel
    save: Callable[[Path], Manifest]
    curves: Curves


def labelled_set(labels: int = 3, count: int = 40) -> LabelledSet:
    """Return sentences whose label one word tells among others that say nothing."""
    rng = np.random.default_rng(0)

    def sentence(number: int) -> Sentence:
        label = number % labels
        words = [f"w{i}" for i in rng.integers(12, size=int(rng.integers(1, 6)))]
        words.insert(int(rng.integers(len(words) + 1)), f"label{label}")
        return Sentence(tuple(words), label)

    parts = {part: [sentence(i) for i in range(count)] for part in ("train", "dev", "test")}
    return LabelledSet.of("moods", ("bad", "fair", "good")[:labels], parts)


def text_corpus() -> Corpus:
    """Return a text in which words count upwards, and one word in ten is unknown."""
    rng = np.random.default_rng(0)
    words = [*(f"w{i}" for i in range(9)), UNKNOWN]
    lines = [[words[(start + i) % 10] for i in range(9)] for start in rng.integers(10, size=24)]
    return Corpus.of("counting", {"train": lines, "valid": lines[:7], "test": lines[7:12]})


def train_classifier(kind: str, teacher: Path, data: LabelledSet) -> TrainedClassifier:
    """Train a small classifier; `teacher` is the folder of a teacher."""
    if kind == "tfidf":
        labels = np.array([sentence.label for sentence in data.train])
        linear = LinearClassifier.fit([sentence.words for sentence in data.train], labels)
        values: dict[str, Any] = {"training": {"strength": 1.0}, "metrics": {"dev accuracy": 0.9}}
        return TrainedClassifier(data, lambda out: save_linear(out, data, linear, **values), None)
    task = _task(kind, str(teacher), data)
    trained: list[Classifier] = []
    curves = run_classifier(task, finished=trained.append)
    metrics = classifier_metrics(curves)

    def save(out: Path) -> Manifest:
        return save_classifier(out, task, trained[0], metrics=metrics)

    return TrainedClassifier(data, save, curves)


def train_language_model(kind: str) -> TrainedLanguageModel:
    """Train a small language model."""
    corpus, architecture = text_corpus(), _language_architecture(kind)
    values: dict[str, Any] = {"epochs": 2, "batch_size": 4, "eval_batch_size": 1, "bptt": WINDOW}
    if not isinstance(architecture, LtsArchitecture):
        values |= {"embedding": 8, "hidden": 8, "layers": 2, "weight_drop": "trained"}
    settings = settings_for(architecture, learning_rate=1e-2, **values)
    trained: list[AnyLanguageModel] = []
    curves = run_language_model(architecture, corpus, settings, finished=trained.append)
    metrics = {"valid loss (nats per token)": curves.val_losses[-1]}

    def save(out: Path) -> Manifest:
        return save_language_model(out, architecture, corpus, settings, trained[0], metrics)

    return TrainedLanguageModel(corpus, trained[0], save, curves)


def _task(kind: str, teacher: str, data: LabelledSet) -> Task:
    if kind == "transformer":
        options = {**_SETTINGS, "learning_rate": 5e-3}
        return fine_tuning(teacher, data, fine_tuning_settings(**options))
    settings = ClassifierSettings(**_SETTINGS)
    if kind == "student":
        words = teacher_words(data, load_teacher(teacher))
        cell = get_space("emd_cell").parse("example")
        return distilled(
            network_task("emd_cell", cell, words, settings, width=4, cells=2), "hint", None
        )
    words = EmbeddedDataset.of(data, width=8)
    if kind in BASELINES:
        width: dict[str, Any] = {} if kind == "bag_of_vectors" else {"width": 8}
        return baseline_task(kind, words, settings, **width)
    architecture, sizes = _classifier_architectures()[kind]
    return network_task(kind, architecture, words, settings, **sizes)


def _classifier_architectures() -> Mapping[str, tuple[Any, Mapping[str, Any]]]:
    layers = (Layer(0, "conv3"), Layer(0, "gru", (0,)), Layer(0, "attention"))
    encoder = (EncoderLayer("LT", "DFT", 2, 512, 1), EncoderLayer("DSC", 5, 4, 512, 1))
    return {
        "textnas": (Arc((*layers, Layer(0, "max_pool3"))), {"width": 8}),
        "emd_cell": (get_space("emd_cell").parse("example"), {"width": 4, "cells": 2}),
        "encoder": (EncoderArchitecture(128, encoder), {}),
    }


def _language_architecture(kind: str) -> LanguageArchitecture:
    if kind == "rnn_cell":
        return named_recipe("lstm")
    if kind == "enas_cell":
        found: LanguageArchitecture = get_space("enas_cell").sample(np.random.default_rng(0))
        return found
    if kind == "gpt2":
        return LtsArchitecture("gpt2", "wt103", 64, 128, 2, (_LAYER, _LAYER))
    return LtsArchitecture("transformer_xl", "wt103", 64, 128, 1, (_LAYER,) * 5)
