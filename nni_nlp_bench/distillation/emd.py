"""The Earth Mover's Distance between the layers of student and teacher."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from nni_nlp_bench.distillation.costs import mean_squared_costs
from nni_nlp_bench.distillation.knowledge import Kind, KnowledgeLoss, Shape, Student, Teacher
from nni_nlp_bench.distillation.layer_transport import LayerTransport
from nni_nlp_bench.distillation.padding import pairs_of, words_of
from nni_nlp_bench.distillation.relations import relations_of


class AttentionEmd(KnowledgeLoss):
    """Cost of moving the student's layers to the teacher's by the relations between words.

    Li et al., KD-NAS-EMD (SIGIR 2021). A pair of layers costs the mean squared error over all
    pairs of words. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"relations"})

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.transport = LayerTransport(shape.student_layers, shape.teacher_layers)

    def forward(self, student: Student, teacher: Teacher, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, relations (m, batch, length, length)."""
        ours = torch.stack([relations_of(layer, mask) for layer in student.hidden])
        theirs = teacher.given("relations")
        costs = mean_squared_costs(pairs_of(ours, mask), pairs_of(theirs, mask))
        loss: Tensor = self.transport(costs)
        return loss

    def after_step(self) -> None:
        """Weigh the layers anew."""
        self.transport.update()


class HiddenEmd(KnowledgeLoss):
    """Cost of moving the student's layers to the teacher's by what they make of each word.

    J. Li et al., BERT-EMD (EMNLP 2020). One linear map takes all student layers to the teacher's
    width; a pair of layers costs the mean squared error over words and width. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"hidden"})

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.widened = nn.Linear(shape.student_width, shape.teacher_width)
        self.transport = LayerTransport(shape.student_layers, shape.teacher_layers)

    def forward(self, student: Student, teacher: Teacher, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, hidden (m, batch, length, width)."""
        words = torch.stack([words_of(layer, mask) for layer in student.hidden])
        ours, theirs = self.widened(words), words_of(teacher.given("hidden"), mask)
        loss: Tensor = self.transport(mean_squared_costs(ours.flatten(1), theirs.flatten(1)))
        return loss

    def after_step(self) -> None:
        """Weigh the layers anew."""
        self.transport.update()
