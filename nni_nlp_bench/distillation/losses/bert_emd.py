"""BERT-EMD loss (Li et al., 2020): relations, hidden states and soft labels."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from nni_nlp_bench.distillation.losses.base import (
    DistillationLoss,
    Kind,
    Shape,
    StudentOutputs,
    TeacherOutputs,
)
from nni_nlp_bench.distillation.losses.emd import AttentionEmd, HiddenEmd
from nni_nlp_bench.distillation.losses.layer_transport import share_weights
from nni_nlp_bench.distillation.losses.soft_labels import SoftLabels


class BertEmd(DistillationLoss):
    """beta theta (attention EMD + hidden EMD) + alpha soft labels.

    J. Li et al., BERT-EMD (EMNLP 2020), without two terms: that of the embeddings, which are not a
    layer here, and (1 - alpha) of the true labels, which the training adds. Attention is replaced
    by token relations, since the student has no heads. Both EMDs share their layer weights unless
    `separate`.
    Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = AttentionEmd.needs | HiddenEmd.needs | SoftLabels.needs

    def __init__(
        self,
        shape: Shape,
        beta: float = 1e-3,
        theta: float = 1.0,
        alpha: float = 1.0,
        temperature: float = 1.0,
        separate: bool = False,
    ) -> None:
        super().__init__(shape)
        self.beta, self.theta, self.alpha, self.separate = beta, theta, alpha, separate
        self.attention = AttentionEmd(shape)
        self.hidden = HiddenEmd(shape)
        self.labels = SoftLabels(shape, temperature)

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers; hidden (m, batch, length, width), relations
        (m, batch, length, length); logits (batch, classes) of both."""
        layers = self.attention(student, teacher, mask) + self.hidden(student, teacher, mask)
        labels = self.labels(student, teacher, mask)
        loss: Tensor = self.beta * self.theta * layers + self.alpha * labels
        return loss

    def after_step(self) -> None:
        """Update the layer weights."""
        self.attention.after_step()
        self.hidden.after_step()
        if not self.separate:
            share_weights(self.attention.transport, self.hidden.transport)
