"""Skip mapping: each student layer is compared with one of evenly spaced teacher layers."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from nni_nlp_bench.distillation.losses.base import (
    DistillationLoss,
    Kind,
    StudentOutputs,
    TeacherOutputs,
)
from nni_nlp_bench.distillation.losses.mapping import uniform_layer_mapping
from nni_nlp_bench.distillation.losses.padding import mean_square, select_pairs
from nni_nlp_bench.distillation.losses.relations import relations_of


class SkipMapping(DistillationLoss):
    """Sum over student layers of the mean squared error of token relations.

    The ablation of the EMD in Li et al., KD-NAS-EMD (SIGIR 2021). As in the EMD, it compares
    relations because the widths of hidden states differ. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"relations"})

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, relations (m, batch, length, length)."""
        mapped = uniform_layer_mapping(self.shape.student_layers, self.shape.teacher_layers)
        ours = torch.stack([relations_of(layer, mask) for layer in student.hidden])
        theirs = teacher.require("relations")[mapped]
        errors = select_pairs(ours, mask) - select_pairs(theirs, mask)
        return len(mapped) * mean_square(errors)
