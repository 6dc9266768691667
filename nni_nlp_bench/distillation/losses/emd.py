"""The Earth Mover's Distance between the layers of student and teacher."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from nni_nlp_bench.distillation.losses.base import (
    DistillationLoss,
    Kind,
    Shape,
    StudentOutputs,
    TeacherOutputs,
)
from nni_nlp_bench.distillation.losses.costs import mean_squared_costs
from nni_nlp_bench.distillation.losses.layer_transport import LayerTransport
from nni_nlp_bench.distillation.losses.padding import select_pairs, select_tokens
from nni_nlp_bench.distillation.losses.relations import relations_of


class AttentionEmd(DistillationLoss):
    """Cost of moving the student's layers to the teacher's by the relations between words.

    Li et al., KD-NAS-EMD (SIGIR 2021). A pair of layers costs the mean squared error over all
    pairs of words. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"relations"})

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.transport = LayerTransport(shape.student_layers, shape.teacher_layers)

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, relations (m, batch, length, length)."""
        ours = torch.stack([relations_of(layer, mask) for layer in student.hidden])
        theirs = teacher.require("relations")
        costs = mean_squared_costs(select_pairs(ours, mask), select_pairs(theirs, mask))
        loss: Tensor = self.transport(costs)
        return loss

    def after_step(self) -> None:
        """Weigh the layers anew."""
        self.transport.update()


class HiddenEmd(DistillationLoss):
    """Cost of moving the student's layers to the teacher's by what they make of each word.

    J. Li et al., BERT-EMD (EMNLP 2020). One linear map takes all student layers to the teacher's
    width; a pair of layers costs the mean squared error over words and width. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"hidden"})

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.projection = nn.Linear(shape.student_width, shape.teacher_width)
        self.transport = LayerTransport(shape.student_layers, shape.teacher_layers)

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, hidden (m, batch, length, width)."""
        words = torch.stack([select_tokens(layer, mask) for layer in student.hidden])
        ours, theirs = self.projection(words), select_tokens(teacher.require("hidden"), mask)
        loss: Tensor = self.transport(mean_squared_costs(ours.flatten(1), theirs.flatten(1)))
        return loss

    def after_step(self) -> None:
        """Weigh the layers anew."""
        self.transport.update()
