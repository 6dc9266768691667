"""The Earth Mover's Distance between the layers of student and teacher."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from nni_nlp_bench.distillation.costs import mean_squared_costs
from nni_nlp_bench.distillation.knowledge import Kind, KnowledgeLoss, Shape, Student, Teacher
from nni_nlp_bench.distillation.layer_transport import LayerTransport
from nni_nlp_bench.distillation.padding import count_pairs, count_words, pairs_only, words_only
from nni_nlp_bench.distillation.relations import relations_of


class AttentionEmd(KnowledgeLoss):
    """Cost of moving the student's layers to the teacher's by the relations between words.

    J. Li et al., KD-NAS-EMD (SIGIR 2021). A pair of layers costs the mean squared error over all
    pairs of words. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"relations"})

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.transport = LayerTransport(shape.student_layers, shape.teacher_layers)

    def forward(self, student: Student, teacher: Teacher, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, relations (m, batch, length, length)."""
        ours = torch.stack([relations_of(layer, mask) for layer in student.hidden])
        theirs = pairs_only(teacher.given("relations"), mask)
        loss: Tensor = self.transport(mean_squared_costs(ours, theirs, count_pairs(mask)))
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
        clean = words_only(torch.stack(list(student.hidden)), mask)
        ours = words_only(self.widened(clean), mask)
        theirs = words_only(teacher.given("hidden"), mask)
        values = count_words(mask) * theirs.shape[-1]
        loss: Tensor = self.transport(mean_squared_costs(ours, theirs, values))
        return loss

    def after_step(self) -> None:
        """Weigh the layers anew."""
        self.transport.update()
