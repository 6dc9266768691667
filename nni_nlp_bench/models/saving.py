"""Saving of trained models as folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.data.sentences.labelled_set import PARTS, LabelledSet
from nni_nlp_bench.data.sentences.vectors import GLOVE_6B_50D
from nni_nlp_bench.distillation.fine_tuning import FineTuning, write_encoder
from nni_nlp_bench.distillation.loading import MINILM
from nni_nlp_bench.distillation.tokens import Tokens
from nni_nlp_bench.models.card import model_card
from nni_nlp_bench.models.language import describe_language_model, write_language_model
from nni_nlp_bench.models.manifest import MANIFEST, Manifest, write_model
from nni_nlp_bench.models.network import describe_network, write_network
from nni_nlp_bench.models.tfidf import write_tfidf
from nni_nlp_bench.training.classification.classifier import Classifier
from nni_nlp_bench.training.classification.network import BASELINE, NetworkSpec
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.linear import LinearClassifier
from nni_nlp_bench.training.models import AnyLanguageModel, LanguageArchitecture
from nni_nlp_bench.training.settings import Settings

_LICENCES = {GLOVE_6B_50D: "PDDL 1.0 (GloVe)", MINILM: "Apache-2.0 (all-MiniLM-L6-v2)"}
_SHOWN_KEY = 8


def save_classifier(
    folder: Path,
    task: Task,
    model: Classifier,
    *,
    metrics: Mapping[str, Any],
    origin: str = Manifest.origin,
) -> Manifest:
    """Write a trained classifier as a model folder.

    Args:
        folder: The folder; an older model in it is replaced.
        task: Its training.
        model: What was trained.
        metrics: Metrics by name; accuracies and F1 are fractions.
        origin: How the architecture was found.

    Raises:
        UserError: The network is not of a space or a baseline, or the folder cannot be written.
    """
    settings, words = task.settings, task.words
    described = Manifest(
        kind="transformer",
        name="",
        model={"max_length": settings.max_length},
        labels=words.data.labels,
        data={**_data(words.data), "vectors": _vectors(words)},
        training=asdict(settings),
        metrics=metrics,
        origin=origin,
        licences=_licences(words),
    )
    if isinstance(task, FineTuning):
        encoder = task.teacher
        manifest = replace(described, name=f"fine-tuned {public_name(encoder.name)}")
        return _write(folder, manifest, lambda scratch: write_encoder(encoder, scratch))
    if not isinstance(task.network, NetworkSpec):
        raise UserError("only networks of search spaces and baselines can be saved")
    spec = task.network
    manifest = replace(
        described,
        kind="network",
        name=_name(spec),
        model=describe_network(spec, words.vocabulary, settings.max_length),
    )
    return _write(folder, manifest, lambda scratch: write_network(scratch, model, words.vocabulary))


def save_linear(
    folder: Path,
    data: LabelledSet,
    model: LinearClassifier,
    *,
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
) -> Manifest:
    """Write a TF-IDF classifier as a model folder. Raises UserError."""
    manifest = Manifest(
        kind="tfidf",
        name="TF-IDF with logistic regression",
        model={"ngrams": model.ngrams},
        labels=data.labels,
        data=_data(data),
        training=training,
        metrics=metrics,
        origin="a baseline",
    )
    return _write(folder, manifest, lambda scratch: write_tfidf(scratch, model))


def save_language_model(
    folder: Path,
    architecture: LanguageArchitecture,
    corpus: Corpus,
    settings: Settings,
    model: AnyLanguageModel,
    metrics: Mapping[str, Any],
) -> Manifest:
    """Write a trained language model as a model folder. Raises UserError."""
    manifest = Manifest(
        kind="language_model",
        name=f"language model {architecture.canonical_key[:_SHOWN_KEY]}",
        model=describe_language_model(architecture, settings),
        data={
            "name": corpus.name,
            "digest": corpus.digest,
            "tokens": {part: len(getattr(corpus, part)) for part in ("train", "valid", "test")},
        },
        training=asdict(settings),
        metrics=metrics,
    )
    return _write(
        folder, manifest, lambda scratch: write_language_model(scratch, model, corpus.vocabulary)
    )


def _write(folder: Path, manifest: Manifest, write: Callable[[Path], None]) -> Manifest:
    return write_model(folder, manifest, write, model_card(manifest))


def _name(spec: NetworkSpec) -> str:
    if spec.space == BASELINE:
        return str(spec.architecture)
    return f"{spec.space} {spec.architecture.canonical_key[:_SHOWN_KEY]}"


def _data(data: LabelledSet) -> dict[str, Any]:
    sizes = {part: len(getattr(data, part)) for part in PARTS}
    counts = np.bincount([sentence.label for sentence in data.train], minlength=len(data.labels))
    majority = int(counts.max()) / len(data.train)
    return {
        "name": data.name,
        "digest": data.digest,
        "texts": sizes,
        "share of the largest label": majority,
    }


def _licences(words: EmbeddedDataset) -> dict[str, str]:
    """Return the licence of the source of the vectors; none for random ones."""
    if isinstance(words.vocabulary, Tokens):
        name = words.vocabulary.teacher.name
    elif words.found:
        name = words.source
    else:
        return {}
    if exists(Path(name) / MANIFEST):  # an encoder that was fine-tuned here
        return dict(Manifest.read(Path(name)).licences)
    return {public_name(name): _LICENCES.get(name, "unknown: that of its source applies")}


def public_name(name: str) -> str:
    """Return the name of a source, without the folders of the machine that it lies in."""
    return Path(name).name if Path(name).is_absolute() else name


def _vectors(words: EmbeddedDataset) -> str:
    """Return the source of the word vectors."""
    if isinstance(words.vocabulary, Tokens):
        name = words.vocabulary.teacher.name
        return words.source.replace(name, public_name(name))
    return public_name(words.source)
