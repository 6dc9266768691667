"""The cell as an NNI model space, for strategies that train each cell and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.enas_cell.choices import DEFAULT_NODES, CellChoices, Value
from search_spaces.enas_cell.mutables import MutableEnasCell
from search_spaces.enas_cell.network import EnasCell
from search_spaces.nni_model_space import NNIModelSpace


class EnasCellModelSpace(NNIModelSpace):
    """All cells of one size as NNI choices; a frozen space is an `EnasCell`.

    The default widths are those of the release's language model.
    """

    architecture_field = "cell"

    def __init__(
        self, nodes: int = DEFAULT_NODES, input_size: int = 748, hidden_size: int = 748
    ) -> None:
        super().__init__(CellChoices(nodes))
        self.cell = MutableEnasCell(nodes, input_size, hidden_size)

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], *args: Any, **options: Any
    ) -> EnasCell:
        """Return the cell of a sample, for NNI's `model_context`."""
        sizes = cls.arguments(*args, **options)
        return MutableEnasCell.create_fixed_module(sample, **sizes)

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """Return NNI's hooks that replace the cell by a supernet."""
        from search_spaces.enas_cell.supernet import oneshot_hooks

        return oneshot_hooks(strategy)

    def freeze(self, sample: Mapping[str, Value]) -> EnasCell:
        """Return the torch module of a sample, with the weights of the supernet if there is one.

        Raises NNI's SampleValidationError.
        """
        self.validate(sample)
        frozen: EnasCell = self.cell.freeze(sample)
        return frozen
