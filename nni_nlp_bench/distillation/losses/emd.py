"""Earth Mover's Distances (EMD) between the layers of student and teacher."""

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
    """EMD between layers with costs of token relations (KD-NAS-EMD).

    Li et al., KD-NAS-EMD (SIGIR 2021). The cost of a pair of layers is the mean squared error over
    all pairs of tokens. Lower is better.
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
        """Update the layer weights."""
        self.transport.update()


class HiddenEmd(DistillationLoss):
    """EMD between layers with costs of hidden states (BERT-EMD).

    J. Li et al., BERT-EMD (EMNLP 2020). One linear map projects all student layers to the teacher's
    width; the cost of a pair of layers is the mean squared error over tokens and width. Lower is
    better.
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
        """Update the layer weights."""
        self.transport.update()
