"""Synthetic students and teachers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import Tensor

    from nni_nlp_bench.distillation.losses.base import (
        DistillationLoss,
        Shape,
        StudentOutputs,
        TeacherOutputs,
    )


@dataclass(frozen=True)
class Batch:
    """What a loss is given, in float64."""

    student: StudentOutputs
    teacher: TeacherOutputs
    mask: Tensor

    def loss(self, loss: DistillationLoss) -> Tensor:
        """Its value."""
        value: Tensor = loss(self.student, self.teacher, self.mask)
        return value

    def leaves(self) -> list[Tensor]:
        """The student's tensors."""
        return [*self.student.hidden, self.student.logits]

    def with_leaves(self, leaves: list[Tensor]) -> Batch:
        """The same with other tensors of the student."""
        from nni_nlp_bench.distillation.losses.base import StudentOutputs

        *hidden, logits = leaves
        return replace(self, student=StudentOutputs(hidden, logits))


Draw = Callable[..., Batch]


@pytest.fixture
def draw() -> Draw:
    """Draw a batch of a shape, a seed and the lengths of its sentences."""
    import torch

    from nni_nlp_bench.distillation.losses.base import StudentOutputs, TeacherOutputs
    from nni_nlp_bench.distillation.losses.relations import relations_of

    def drawn(shape: Shape, seed: int = 0, lengths: tuple[int, ...] = (5, 2, 4)) -> Batch:
        generator = torch.Generator().manual_seed(seed)

        def normal(*size: int) -> Tensor:
            return torch.randn(*size, generator=generator, dtype=torch.float64)

        sentences, length = len(lengths), max(lengths)
        mask = torch.arange(length) < torch.tensor(lengths)[:, None]
        hidden = [
            normal(sentences, length, shape.student_width).requires_grad_()
            for _ in range(shape.student_layers)
        ]
        theirs = normal(shape.teacher_layers, sentences, length, shape.teacher_width)
        student = StudentOutputs(hidden, normal(sentences, 3).requires_grad_())
        teacher = TeacherOutputs(theirs, relations_of(theirs, mask), normal(sentences, 3))
        return Batch(student, teacher, mask)

    return drawn
