"""Soft-label loss (Hinton et al., 2015)."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.distillation.losses.base import (
    DistillationLoss,
    Kind,
    Shape,
    StudentOutputs,
    TeacherOutputs,
)


class SoftLabels(DistillationLoss):
    """T^2 KL(teacher || student) of class probabilities at temperature T, mean over the batch.

    G. Hinton et al., Distilling the Knowledge in a Neural Network (2015): T^2 keeps the scale of
    the gradients. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"logits"})

    def __init__(self, shape: Shape, temperature: float = 4.0) -> None:
        super().__init__(shape)
        self.temperature = temperature

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Logits (batch, classes) of both."""
        ours = (student.logits / self.temperature).log_softmax(-1)
        theirs = (teacher.require("logits") / self.temperature).log_softmax(-1)
        divergence = functional.kl_div(ours, theirs, reduction="batchmean", log_target=True)
        return self.temperature**2 * divergence
