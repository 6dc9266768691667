"""Losses that compare each student layer with one teacher layer at the same relative depth."""

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
from nni_nlp_bench.distillation.losses.padding import mask_padding


class LayerwiseLoss(DistillationLoss):
    """Squared distance of layer features: mean over the batch, sum over student layers."""

    needs: ClassVar[frozenset[Kind]] = frozenset({"hidden"})

    @abstractmethod
    def features(self, layer: Tensor) -> Tensor:
        """Return features (batch, ...) of a layer (batch, length, width) that is 0 at padding.

        Their shape must not depend on the width.
        """

    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Hidden (batch, length, width) of n layers, hidden (m, batch, length, width)."""
        hidden = teacher.require("hidden")
        mapped = uniform_layer_mapping(self.shape.student_layers, self.shape.teacher_layers)
        distances = [
            self._token_features(ours, mask) - self._token_features(hidden[j], mask)
            for ours, j in zip(student.hidden, mapped, strict=True)
        ]
        return torch.stack(distances).square().sum() / len(mask)

    def _token_features(self, layer: Tensor, mask: Tensor) -> Tensor:
        return self.features(mask_padding(layer, mask))
