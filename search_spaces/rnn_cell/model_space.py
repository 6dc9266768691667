"""The recurrent cell as an NNI model space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.nni_model_space import NNIModelSpace
from search_spaces.rnn_cell.choices import CellChoices, Value
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.validity import MAX_NODES


class RnnCellModelSpace(NNIModelSpace):
    """All cells of `CellChoices`, as NNI choices; a frozen space is a `RecurrentCell`.

    Every sample that NNI's choices allow is a valid cell. The default sizes are those of the
    release's first layer.
    """

    architecture_field = "recipe"

    def __init__(
        self,
        hidden_states: int | None = None,
        max_nodes: int = MAX_NODES,
        max_inputs: int = 3,
        input_size: int = 400,
        hidden_size: int = 600,
    ) -> None:
        super().__init__(CellChoices(hidden_states, max_nodes, max_inputs))
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.add_choices()

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], *args: Any, **options: Any
    ) -> RecurrentCell:
        """Return the cell of a sample, for NNI's `model_context`."""
        *sizes, input_size, hidden_size = cls.arguments(*args, **options).values()
        return RecurrentCell(CellChoices(*sizes).from_sample(sample), input_size, hidden_size)

    def freeze(self, sample: Mapping[str, Value]) -> RecurrentCell:
        """Return the torch module of a sample. Raises NNI's SampleValidationError."""
        self.validate(sample)
        return RecurrentCell(self.from_sample(sample), self.input_size, self.hidden_size)
