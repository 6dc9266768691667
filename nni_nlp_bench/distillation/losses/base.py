"""Interface and registry of the distillation losses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError

Kind = Literal["hidden", "relations", "logits"]
"""A field of `TeacherOutputs`."""


@dataclass(frozen=True, slots=True)
class StudentOutputs:
    """Outputs of a student on one batch."""

    hidden: Sequence[Tensor]
    """Hidden states (batch, length, width) of each layer, all of the same width."""
    logits: Tensor
    """Logits (batch, classes)."""


@dataclass(frozen=True, slots=True)
class TeacherOutputs:
    """Outputs of a teacher on the same batch; None if a loss does not need them."""

    hidden: Tensor | None = None
    """Hidden states (layers, batch, length, width)."""
    relations: Tensor | None = None
    """Token relations (layers, batch, length, length): see `relations.relations_of`."""
    logits: Tensor | None = None
    """Logits (batch, classes)."""

    def require(self, kind: Kind) -> Tensor:
        """Return the outputs of that kind. Raises UserError if they are missing."""
        value: Tensor | None = getattr(self, kind)
        if value is None:
            raise UserError(
                f"the teacher's {kind} are missing: list them in the `needs` of the loss"
            )
        return value


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of layers and widths of both networks."""

    student_layers: int
    student_width: int
    teacher_layers: int
    teacher_width: int


class DistillationLoss(nn.Module):
    """Interface of every distillation loss: a distance of a student from its teacher.

    Lower is better. Padding must not affect the loss. It may have parameters, which are trained
    together with the student's.

    Args:
        shape: Numbers of layers and widths of both networks.
    """

    needs: ClassVar[frozenset[Kind]]
    """Kinds of teacher outputs that it reads."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    @abstractmethod
    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """Return the loss of one batch.

        Args:
            student: Outputs of the student.
            teacher: Outputs of the teacher, of the kinds in `needs`.
            mask: True at tokens, False at padding, (batch, length).

        Returns:
            A scalar tensor without a unit.
        """

    def after_step(self) -> None:
        """Update state that gradients do not, such as layer weights, after each training step."""
