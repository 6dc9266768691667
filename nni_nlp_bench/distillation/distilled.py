"""Classifiers that learn from labels and from a teacher."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.distillation.features import TeacherFeatures, cached_features
from nni_nlp_bench.distillation.losses.base import LOSSES, DistillationLoss, Shape, StudentOutputs
from nni_nlp_bench.distillation.tokens import Tokens
from nni_nlp_bench.training.classification.batches import Batch, Encoded
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.task import Task
from nni_nlp_bench.training.classification.words import EmbeddedDataset

NO_DISTILLATION = "none"
"""The name of no loss: the labels alone teach."""
WEIGHT_RATE = 10.0
WEIGHT_RATES = {"mrpc": 1e5, "sst-2": 1e-3}
"""What the loss counts beside the cross-entropy in KD-NAS-EMD, where it is not `WEIGHT_RATE`."""


class DistillationObjective(nn.Module):
    """One loss between a student and what its teacher makes of the training sentences."""

    loss: DistillationLoss

    def __init__(self, loss: DistillationLoss, features: TeacherFeatures) -> None:
        super().__init__()
        self.loss = loss
        self.features = features

    def forward(self, student: StudentOutputs, batch: Batch) -> Tensor:
        """The loss of a batch of training, without dimensions: lower is better."""
        loss: Tensor = self.loss(student, self.features.of(batch), batch.mask)
        return loss


def student_of(network: Any, vectors: Tensor, mask: Tensor) -> StudentOutputs:
    """What a `SentenceNetwork` makes of word vectors (batch, length, vectors)."""
    outputs = network.layer_outputs(vectors, mask)
    hidden = [output.transpose(1, 2) for output in outputs]
    return StudentOutputs(hidden, network.logits(outputs, mask))


def teacher_features(
    name: str, words: EmbeddedDataset, data: Encoded, progress: Progress = no_progress
) -> TeacherFeatures:
    """What the loss of that name looks at of the teacher whose tokens the words are.

    Raises UserError for an unknown name, and where the teacher lacks it.
    """
    tokens = tokens_of(words)
    sentences = [tokens.to_teacher_ids(numbers) for numbers in data.words]
    return cached_features(tokens.teacher, sentences, LOSSES.get(name).needs, progress=progress)


def make_objective(
    name: str, network: Any, words: EmbeddedDataset, data: Encoded
) -> DistillationObjective:
    """The loss of that name between a network and the teacher whose tokens the words are.

    Raises UserError for an unknown name, and where the teacher lacks what the loss looks at.
    """
    teacher = tokens_of(words).teacher
    layers, width = _shape(network, words.matrix.shape[1])
    loss = LOSSES.get(name)(Shape(layers, width, teacher.layers, teacher.width))
    return DistillationObjective(loss, teacher_features(name, words, data))


def tokens_of(words: EmbeddedDataset) -> Tokens:
    """The teacher's tokens that the sentences are. Raises UserError where they are words."""
    if not isinstance(words.vocabulary, Tokens):
        raise UserError("a student reads its teacher's tokens: give --teacher")
    return words.vocabulary


def _shape(network: Any, vectors: int) -> tuple[int, int]:
    """Layers of a network and their width, seen on one word of zeros."""
    training = network.training
    with torch.no_grad():
        outputs = network.eval().layer_outputs(
            torch.zeros(1, 1, vectors), torch.ones(1, 1, dtype=torch.bool)
        )
    network.train(training)
    return len(outputs), outputs[0].shape[1]


class DistilledClassifier(Classifier):
    """Its loss is cross-entropy plus a weight times what the distillation loss says."""

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
        """Of a batch of training; in nats per sentence where the weight is 0."""
        student = student_of(self.network, self.embedding(batch.words), batch.mask)
        learned = functional.cross_entropy(student.logits, batch.labels)
        distilled: Tensor = self.objective(student, batch)
        return learned + self.weight * distilled

    def after_step(self) -> None:
        """Let the loss learn from the last batch."""
        self.objective.loss.after_step()


@dataclass(frozen=True)
class DistilledTask(Task):
    """A classifier that learns from the teacher whose tokens its words are."""

    loss: str = field(kw_only=True)
    weight: float = field(kw_only=True)
    """Of the loss beside the cross-entropy."""

    def prepare(self, progress: Progress = no_progress) -> None:
        """Let the teacher read the sentences, unless its features are on disk. Raises UserError."""
        data = self.encoded(*self.settings.train_on.split("+"))
        teacher_features(self.loss, self.words, data, progress)

    def model(self, data: Encoded) -> Classifier:
        """The classifier with its distillation loss on the data."""
        plain = super().model(data)
        objective = make_objective(self.loss, plain.network, self.words, data)
        return DistilledClassifier(plain.embedding, plain.network, objective, self.weight)

    def metadata(self) -> dict[str, Any]:
        """Those of a task, and the distillation loss."""
        return {**super().metadata(), "loss": self.loss, "kd_weight": self.weight}


def distilled(task: Task, loss: str = "emd", kd_weight: float | None = None) -> Task:
    """A task whose classifier learns from the teacher whose tokens its words are as well.

    `loss` is a name of `LOSSES`, or `none`; `kd_weight` by default that of the set. Raises
    UserError.
    """
    tokens_of(task.words)
    if loss == NO_DISTILLATION:
        return task
    LOSSES.get(loss)
    if kd_weight is None:
        kd_weight = WEIGHT_RATES.get(task.words.data.name, WEIGHT_RATE)
    own = (task.identity, task.network, task.words, task.settings, task.device)
    return DistilledTask(*own, loss=loss, weight=kd_weight)
