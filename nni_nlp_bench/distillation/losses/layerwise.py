"""Losses that compare each student layer with the teacher's layer at its height."""

from __future__ import annotations

from abc import abstractmethod
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
from nni_nlp_bench.distillation.losses.padding import words_only


class LayerByLayer(DistillationLoss):
    """Squared distance of features, mean over the batch, sum over student layers."""

    needs: ClassVar[frozenset[Kind]] = frozenset({"hidden"})

    @abstractmethod
    def features(self, layer: Tensor) -> Tensor:
        """(batch, ...) of a layer (batch, length, width), 0 at padding: free of its width."""

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, hidden (m, batch, length, width)."""
        hidden = teacher.require("hidden")
        mapped = uniform_layer_mapping(self.shape.student_layers, self.shape.teacher_layers)
        distances = [
            self._of_words(ours, mask) - self._of_words(hidden[j], mask)
            for ours, j in zip(student.hidden, mapped, strict=True)
        ]
        return torch.stack(distances).square().sum() / len(mask)

    def _of_words(self, layer: Tensor, mask: Tensor) -> Tensor:
        return self.features(words_only(layer, mask))
