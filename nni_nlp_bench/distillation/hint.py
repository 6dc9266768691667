"""The teacher's middle layer as a hint to the student's."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from nni_nlp_bench.distillation.knowledge import Kind, KnowledgeLoss, Shape, Student, Teacher
from nni_nlp_bench.distillation.mapping import middle
from nni_nlp_bench.distillation.padding import mean_square, words_of


class Hint(KnowledgeLoss):
    """Mean squared error of the middle layers over words and width, the student's widened.

    A. Romero et al., FitNets: Hints for Thin Deep Nets (ICLR 2015). Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"hidden"})

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.widened = nn.Linear(shape.student_width, shape.teacher_width)

    def forward(self, student: Student, teacher: Teacher, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, hidden (m, batch, length, width)."""
        layer = student.hidden[middle(self.shape.student_layers)]
        hint = teacher.given("hidden")[middle(self.shape.teacher_layers)]
        return mean_square(self.widened(words_of(layer, mask)) - words_of(hint, mask))
