"""The teacher's middle layer as a hint to the student's."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from nni_nlp_bench.distillation.knowledge import Kind, KnowledgeLoss, Shape, Student, Teacher
from nni_nlp_bench.distillation.mapping import middle
from nni_nlp_bench.distillation.padding import count_words, words_only


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
        guided = self.widened(words_only(layer, mask))
        errors = words_only(guided, mask) - words_only(hint, mask)
        return errors.square().sum() / (count_words(mask) * self.shape.teacher_width)
