"""Classifiers trained on labels and a distillation loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.distillation.features import TeacherFeatures, cached_features
from nni_nlp_bench.distillation.losses.base import DistillationLoss, Shape, StudentOutputs
from nni_nlp_bench.distillation.losses.registry import LOSSES
from nni_nlp_bench.distillation.tokens import Tokens
from nni_nlp_bench.training.classification.batches import Batch, Encoded
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.classification.words import EmbeddedDataset

NO_DISTILLATION = "none"
"""Name for training on labels only."""
KD_WEIGHT = 10.0
KD_WEIGHTS = {"mrpc": 1e5, "sst-2": 1e-3}
"""Weight of the distillation loss per data set in KD-NAS-EMD, if it is not `KD_WEIGHT`."""


class DistillationObjective(nn.Module):
    """A distillation loss with the teacher outputs of the training sentences."""

    loss: DistillationLoss

    def __init__(self, loss: DistillationLoss, features: TeacherFeatures) -> None:
        super().__init__()
        self.loss = loss
        self.features = features

    def forward(self, student: StudentOutputs, batch: Batch) -> Tensor:
        """Return the loss of a training batch, a scalar: lower is better."""
        loss: Tensor = self.loss(student, self.features.outputs(batch), batch.mask)
        return loss


def student_outputs(network: Any, vectors: Tensor, mask: Tensor) -> StudentOutputs:
    """Return the outputs of a `SentenceNetwork` on word vectors (batch, length, vectors)."""
    outputs = network.layer_outputs(vectors, mask)
    hidden = [output.transpose(1, 2) for output in outputs]
    return StudentOutputs(hidden, network.logits(outputs, mask))


def teacher_features(
    name: str, words: EmbeddedDataset, data: Encoded, progress: Progress = no_progress
) -> TeacherFeatures:
    """Return the teacher outputs that a distillation loss needs, computed or from the cache.

    `words` must be the tokens of a teacher. Raises UserError for an unknown loss, or outputs that
    the teacher lacks.
    """
    tokens = tokens_of(words)
    sentences = [tokens.to_teacher_ids(numbers) for numbers in data.words]
    return cached_features(tokens.teacher, sentences, LOSSES.get(name).needs, progress=progress)


def make_objective(
    name: str, network: Any, words: EmbeddedDataset, data: Encoded
) -> DistillationObjective:
    """Return the distillation objective of a network, by the name of the loss.

    `words` must be the tokens of a teacher. Raises UserError for an unknown loss, or outputs that
    the teacher lacks.
    """
    teacher = tokens_of(words).teacher
    layers, width = _shape(network, words.matrix.shape[1])
    loss = LOSSES.get(name)(Shape(layers, width, teacher.layers, teacher.width))
    return DistillationObjective(loss, teacher_features(name, words, data))


def tokens_of(words: EmbeddedDataset) -> Tokens:
    """Return the teacher's tokens of a data set. Raises UserError if it consists of words."""
    if not isinstance(words.vocabulary, Tokens):
        raise UserError("a student reads its teacher's tokens: give --teacher")
    return words.vocabulary


def _shape(network: Any, vectors: int) -> tuple[int, int]:
    """Return the number of layers of a network and their width."""
    training = network.training
    with torch.no_grad():
        outputs = network.eval().layer_outputs(
            torch.zeros(1, 1, vectors), torch.ones(1, 1, dtype=torch.bool)
        )
    network.train(training)
    return len(outputs), outputs[0].shape[1]


class DistilledClassifier(Classifier):
    """Classifier whose loss is cross-entropy plus a weighted distillation loss."""

    def __init__(
        self,
        embedding: Embedding,
        network: nn.Module,
        objective: DistillationObjective,
        weight: float,
    ) -> None:
        super().__init__(embedding, network)
        self.objective, self.weight = objective, weight

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of a training batch; in nats per sentence if the weight is 0."""
        student = student_outputs(self.network, self.embedding(batch.words), batch.mask)
        learned = functional.cross_entropy(student.logits, batch.labels)
        distilled: Tensor = self.objective(student, batch)
        return learned + self.weight * distilled

    def after_step(self) -> None:
        """Update the state of the distillation loss."""
        self.objective.loss.after_step()


@dataclass(frozen=True)
class DistilledTask(Task):
    """Training of a classifier with a distillation loss."""

    loss: str = field(kw_only=True)
    weight: float = field(kw_only=True)
    """Weight of the distillation loss; that of the cross-entropy is 1."""

    def prepare(self, progress: Progress = no_progress) -> None:
        """Compute the teacher outputs unless they are cached. Raises UserError."""
        data = self.encoded(*self.settings.train_on.split("+"))
        teacher_features(self.loss, self.words, data, progress)

    def model(self, data: Encoded) -> Classifier:
        """Return the classifier with the distillation loss on the data."""
        plain = super().model(data)
        objective = make_objective(self.loss, plain.network, self.words, data)
        return DistilledClassifier(plain.embedding, plain.network, objective, self.weight)

    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the task, including the distillation loss and its weight."""
        return {**super().metadata(), "loss": self.loss, "kd_weight": self.weight}


def distilled(task: Task, loss: str = "emd", kd_weight: float | None = None) -> Task:
    """Return a task with a distillation loss added to the cross-entropy.

    Args:
        task: A task on the tokens of a teacher.
        loss: Name of a distillation loss, or `none`.
        kd_weight: Weight of the distillation loss; None for the published one of the data set.

    Raises:
        UserError: The loss is unknown, or the task's words are not the tokens of a teacher.
    """
    tokens_of(task.words)
    if loss == NO_DISTILLATION:
        return task
    LOSSES.get(loss)
    if kd_weight is None:
        kd_weight = KD_WEIGHTS.get(task.words.data.name, KD_WEIGHT)
    own = (task.identity, task.network, task.words, task.settings, task.device)
    return DistilledTask(*own, loss=loss, weight=kd_weight)
