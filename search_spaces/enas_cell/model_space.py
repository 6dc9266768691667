"""The cell as an NNI model space, for strategies that train each cell and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nni
from nni.nas.nn.pytorch import ModelSpace, MutableModule

from search_spaces.enas_cell.architecture import Cell
from search_spaces.enas_cell.choices import DEFAULT_NODES, CellChoices, Sample, Value
from search_spaces.enas_cell.network import EnasCell


class MutableEnasCell(MutableModule):  # type: ignore[misc]
    """All cells of one size as one module: a layer in a model space of yours.

    It has no weights. `freeze` makes the cell of a sample; a one-shot strategy puts a supernet into
    its place: give your model space the hooks of `oneshot_hooks`.
    """

    def __init__(self, nodes: int, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.choices = CellChoices(nodes)
        self.input_size = input_size
        self.hidden_size = hidden_size
        for label, values in self.choices.categoricals.items():
            self.add_mutable(nni.choice(label, values))

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], nodes: int, input_size: int, hidden_size: int
    ) -> EnasCell:
        """The cell of a sample, for NNI's `model_context`."""
        return EnasCell(CellChoices(nodes).from_sample(sample), input_size, hidden_size)

    def freeze(self, sample: Mapping[str, Value]) -> EnasCell:
        """The torch module of a sample. Raises NNI's SampleValidationError."""
        self.validate(sample)
        return EnasCell(self.choices.from_sample(sample), self.input_size, self.hidden_size)


class EnasCellModelSpace(ModelSpace):  # type: ignore[misc]
    """All cells of one size as NNI choices; a frozen space is an `EnasCell`.

    The default widths are those of the release's language model.
    """

    def __init__(
        self, nodes: int = DEFAULT_NODES, input_size: int = 748, hidden_size: int = 748
    ) -> None:
        super().__init__()
        self.choices = CellChoices(nodes)
        self.cell = MutableEnasCell(nodes, input_size, hidden_size)

    @classmethod
    def create_fixed_module(
        cls,
        sample: Mapping[str, Value],
        nodes: int = DEFAULT_NODES,
        input_size: int = 748,
        hidden_size: int = 748,
    ) -> EnasCell:
        """The cell of a sample, for NNI's `model_context`: takes the arguments of the space."""
        return MutableEnasCell.create_fixed_module(sample, nodes, input_size, hidden_size)

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """What NNI's one-shot strategies put into the place of the cell."""
        return oneshot_hooks(strategy)

    def freeze(self, sample: Mapping[str, Value]) -> EnasCell:
        """The torch module of a sample, with the weights of the supernet if there is one.

        Raises NNI's SampleValidationError.
        """
        self.validate(sample)
        frozen: EnasCell = self.cell.freeze(sample)
        return frozen

    def to_sample(self, cell: Cell) -> Sample:
        """The sample of a cell. Raises CellError where its size is another."""
        return self.choices.to_sample(cell)

    def from_sample(self, sample: Mapping[str, Value]) -> Cell:
        """The cell of a sample. Raises CellError."""
        return self.choices.from_sample(sample)

    def export(self, found: Mapping[str, Value] | EnasCell) -> Cell:
        """The cell of what a search returns: a sample or a frozen module."""
        return found.cell if isinstance(found, EnasCell) else self.from_sample(found)


def oneshot_hooks(strategy: Any) -> list[Any]:
    """The mutation hook that makes a `MutableEnasCell` the supernet of a one-shot strategy.

    None for Proxyless, which samples paths in a way of its own: NNI then refuses the cell.
    """
    from nni.nas.strategy import DARTS, Proxyless

    from search_spaces.enas_cell.supernet import MixedCell, SampledCell

    if isinstance(strategy, Proxyless):
        return []
    return [MixedCell.mutate if isinstance(strategy, DARTS) else SampledCell.mutate]
