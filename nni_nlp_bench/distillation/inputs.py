"""Labelled sentences and classifier trainings from names, with or without a teacher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from nni_nlp_bench.distillation.distilled import distilled
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.tokens import teacher_words
from nni_nlp_bench.training.classification.network import sentence_space
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.task import Task, network_task, split_options
from nni_nlp_bench.training.classification.words import EmbeddedDataset


def load_sentences(
    data: str,
    vectors: str | None = None,
    teacher: str | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> EmbeddedDataset:
    """Load labelled sentences with word vectors, or as the tokens of a teacher.

    Args:
        data: Name, file or folder of labelled sentences.
        vectors: Word vectors: a file or a name; None for random ones.
        teacher: Teacher whose tokens and vectors are used: a name or a folder; None for none.
        seed: Seed of random word vectors.
        progress: Called with the bytes read of a file of vectors.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    return embedded(load_labelled_set(data), vectors, teacher, seed, progress)


def embedded(
    data: LabelledSet,
    vectors: str | None = None,
    teacher: str | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> EmbeddedDataset:
    """Return sentences with word vectors, or as the tokens of a teacher; see `load_sentences`."""
    if teacher is None:
        return EmbeddedDataset.of(data, vectors, seed=seed, progress=progress)
    if vectors is not None:
        raise UserError("a teacher has its own vectors: give vectors or a teacher, not both")
    return teacher_words(data, load_teacher(teacher))


def classifier_task(
    architecture: Any,
    words: EmbeddedDataset,
    space: str,
    options: Mapping[str, Any],
    *,
    kd_loss: str | None = None,
    kd_weight: float | None = None,
    device: str = "cpu",
) -> Task:
    """Return the training of a classifier.

    Args:
        architecture: An architecture of the space.
        words: What `load_sentences` returned.
        space: Name of the space.
        options: Options of the space's networks and fields of `ClassifierSettings`.
        kd_loss: Distillation loss, if the words are a teacher's tokens; None for no teacher.
        kd_weight: Weight of the distillation loss; None for the published one.
        device: Torch device.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    sizes, schedule = split_options(sentence_space(space), options)
    settings = ClassifierSettings(**schedule)
    task = network_task(space, architecture, words, settings, device=device, **sizes)
    return task if kd_loss is None else distilled(task, kd_loss, kd_weight)
