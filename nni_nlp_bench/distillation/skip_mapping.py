"""Each student layer against one teacher layer, spread evenly."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from nni_nlp_bench.distillation.knowledge import Kind, KnowledgeLoss, Student, Teacher
from nni_nlp_bench.distillation.mapping import even_mapping
from nni_nlp_bench.distillation.padding import mean_square, pairs_of
from nni_nlp_bench.distillation.relations import relations_of


class SkipMapping(KnowledgeLoss):
    """Sum over student layers of the mean squared error of relations with the layer mapped to.

    The ablation of the EMD in Li et al., KD-NAS-EMD (SIGIR 2021). Relations, as in the EMD:
    hidden states differ in width. Lower is better.
    """

    needs: ClassVar[frozenset[Kind]] = frozenset({"relations"})

    def forward(self, student: Student, teacher: Teacher, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, relations (m, batch, length, length)."""
        mapped = even_mapping(self.shape.student_layers, self.shape.teacher_layers)
        ours = torch.stack([relations_of(layer, mask) for layer in student.hidden])
        theirs = teacher.given("relations")[mapped]
        errors = pairs_of(ours, mask) - pairs_of(theirs, mask)
        return len(mapped) * mean_square(errors)
