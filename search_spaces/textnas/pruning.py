"""The supernet of TextNAS for pruning searches: the mean of all active operations and inputs.

A skip counts by the share of 1 among its active values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nni.nas.nn.pytorch import LayerChoice
from torch import Tensor, nn

from search_spaces.nni_sampling import Sample, SuperNet
from search_spaces.pruning import (
    ActiveChoices,
    PrunableSpace,
    sampled_architecture,
)
from search_spaces.sequences import mean_tensors, sum_tensors
from search_spaces.textnas.model_space import TextNasModelSpace
from search_spaces.textnas.mutables import Edges
from search_spaces.textnas.ops import HEADS


class ActiveEdges(ActiveChoices, Edges):
    """The active edges of one layer."""

    replaces = Edges

    def source(self, outputs: Sequence[Tensor]) -> Tensor:
        """Return the mean (batch, width, length) of the active inputs."""
        distances = self.active.get(f"input_{self.number}", (0,))
        return mean_tensors([outputs[-1 - distance] for distance in distances])

    def count_skips(self) -> int:
        """Return the number of skips that are still possible."""
        return sum(1 in self._skip(earlier) for earlier in range(self.number))

    def skipped(self, outputs: Sequence[Tensor]) -> Tensor | None:
        """Return the weighted sum (batch, width, length) of earlier outputs; None without any."""
        added = [
            output / len(self._skip(earlier))
            for earlier, output in enumerate(outputs)
            if 1 in self._skip(earlier)
        ]
        return sum_tensors(added) if added else None

    def _skip(self, earlier: int) -> tuple[Any, ...]:
        return self.active[f"skip_{self.number}_{earlier}"]


class ActiveOps(ActiveChoices):
    """The active operations of one layer."""

    def __init__(self, label: str, ops: Sequence[str], modules: Sequence[nn.Module]) -> None:
        self.categoricals = {label: list(ops)}
        super().__init__()
        self.label = label
        self.ops = nn.ModuleDict(dict(zip(ops, modules, strict=True)))

    @classmethod
    def mutate(cls, module: nn.Module, name: str, memo: Sample, options: Sample) -> SuperNet | None:
        """Return the active operations of NNI's choice; None for another module."""
        if type(module) is not LayerChoice:
            return None
        choice: Any = module
        return cls(choice.label, choice.names, [choice[op] for op in choice.names])

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """Return the mean of the active operations, (batch, width, length)."""
        return mean_tensors([self.ops[op](values, padding) for op in self.active[self.label]])


def _make_thin(space: TextNasModelSpace) -> TextNasModelSpace:
    """Return the same choices with one channel per head, for words of one number."""
    choices, sizes = space.choices, space.sizes
    return TextNasModelSpace(
        choices.layers,
        choices.window,
        choices.ops,
        vectors=1,
        width=HEADS,
        dropout=0.0,
        batch_norm=sizes.batch_norm,
        strict=sizes.strict,
    )


PRUNABLE = PrunableSpace(
    (ActiveEdges, ActiveOps),
    _make_thin,
    sampled_architecture,
    input_dimensions=1,  # four channels tell all inputs of three dimensions apart
)
