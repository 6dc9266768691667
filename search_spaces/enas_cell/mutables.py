"""The choices of a cell as one module, which the model space and its supernets share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.enas_cell.choices import CellChoices, Value
from search_spaces.enas_cell.network import EnasCell
from search_spaces.nni_model_space import ChoicesModule


class MutableEnasCell(ChoicesModule):
    """All cells with one number of nodes as one module without weights: a layer of a model space.

    That model space needs the hooks of `supernet.oneshot_hooks`.
    """

    def __init__(self, nodes: int, input_size: int, hidden_size: int) -> None:
        super().__init__(CellChoices(nodes).categoricals)
        self.choices = CellChoices(nodes)
        self.input_size = input_size
        self.hidden_size = hidden_size

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.choices.nodes, self.input_size, self.hidden_size

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], nodes: int, input_size: int, hidden_size: int
    ) -> EnasCell:
        """Return the cell of a sample, for NNI's `model_context`."""
        return EnasCell(CellChoices(nodes).from_sample(sample), input_size, hidden_size)

    def freeze(self, sample: Mapping[str, Value]) -> EnasCell:
        """Return the torch module of a sample. Raises NNI's SampleValidationError."""
        self.validate(sample)
        return EnasCell(self.choices.from_sample(sample), self.input_size, self.hidden_size)
