"""Hint loss (FitNets; Romero et al., 2015)."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from nni_nlp_bench.distillation.losses.base import (
    DistillationLoss,
    Kind,
    Shape,
    StudentOutputs,
    TeacherOutputs,
)
from nni_nlp_bench.distillation.losses.mapping import middle
from nni_nlp_bench.distillation.losses.padding import mean_square, select_tokens


class Hint(DistillationLoss):
    """Mean squared error between the teacher's middle layer and the student's, projected linearly.

    A. Romero et al., FitNets: Hints for Thin Deep Nets (ICLR 2015). Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"hidden"})

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.projection = nn.Linear(shape.student_width, shape.teacher_width)

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, hidden (m, batch, length, width)."""
        layer = student.hidden[middle(self.shape.student_layers)]
        hint = teacher.require("hidden")[middle(self.shape.teacher_layers)]
        return mean_square(self.projection(select_tokens(layer, mask)) - select_tokens(hint, mask))
