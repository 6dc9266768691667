"""What a student and its teacher make of one batch, and the losses between them, by name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry

Kind = Literal["hidden", "relations", "logits"]
"""A field of `TeacherOutputs`."""


@dataclass(frozen=True, slots=True)
class StudentOutputs:
    """What a student makes of a batch."""

    hidden: Sequence[Tensor]
    """Each layer's (batch, length, width), all of one width."""
    logits: Tensor
    """(batch, classes)"""


@dataclass(frozen=True, slots=True)
class TeacherOutputs:
    """What a teacher makes of the same batch; None: nobody asked for it."""

    hidden: Tensor | None = None
    """(layers, batch, length, width)"""
    relations: Tensor | None = None
    """(layers, batch, length, length): see `relations.relations_of`."""
    logits: Tensor | None = None
    """(batch, classes)"""

    def require(self, kind: Kind) -> Tensor:
        """What was asked for. Raises UserError where it is missing."""
        value: Tensor | None = getattr(self, kind)
        if value is None:
            raise UserError(f"the teacher's {kind} are missing: ask it for what a loss `needs`")
        return value


@dataclass(frozen=True, slots=True)
class Shape:
    """How many layers both networks have, and how wide they are."""

    student_layers: int
    student_width: int
    teacher_layers: int
    teacher_width: int


class DistillationLoss(nn.Module):
    """How far a student is from its teacher: lower is better. What padding holds never counts."""

    needs: ClassVar[frozenset[Kind]]
    """What of the teacher it looks at."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    @abstractmethod
    def forward(self, student: StudentOutputs, teacher: TeacherOutputs, mask: Tensor) -> Tensor:
        """The loss, without dimensions; `mask` (batch, length) is true at words."""

    def after_step(self) -> None:
        """Learn from the last batch what gradients do not teach."""


_HERE = "nni_nlp_bench.distillation.losses"

LOSSES: Registry[type[DistillationLoss]] = Registry(
    "distillation loss",
    "nni_nlp_bench.distillation_losses",
    {
        "attention_transfer": f"{_HERE}.attention_transfer:AttentionTransfer",
        "bert_emd": f"{_HERE}.bert_emd:BertEmd",
        "emd": f"{_HERE}.emd:AttentionEmd",
        "emd_hidden": f"{_HERE}.emd:HiddenEmd",
        "hint": f"{_HERE}.hint:Hint",
        "nst": f"{_HERE}.nst:NeuronSelectivity",
        "similarity": f"{_HERE}.similarity:Similarity",
        "skip_mapping": f"{_HERE}.skip_mapping:SkipMapping",
        "soft_labels": f"{_HERE}.soft_labels:SoftLabels",
    },
)
"""Each is made of a `Shape`."""
