"""The recurrent cell as an NNI model space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nni
from nni.nas.nn.pytorch import ModelSpace

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.choices import CellChoices, Sample, Value
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.validity import MAX_NODES


class RnnCellModelSpace(ModelSpace):  # type: ignore[misc]
    """All cells of `CellChoices`, as NNI choices; a frozen space is a `RecurrentCell`.

    Every sample that NNI's choices allow is a valid cell. The default sizes are those of the
    release's first layer.
    """

    def __init__(
        self,
        hidden_states: int | None = None,
        max_nodes: int = MAX_NODES,
        max_inputs: int = 3,
        input_size: int = 400,
        hidden_size: int = 600,
    ) -> None:
        super().__init__()
        self.choices = CellChoices(hidden_states, max_nodes, max_inputs)
        self.input_size = input_size
        self.hidden_size = hidden_size
        for mutable in nni_choices(self.choices).values():
            self.add_mutable(mutable)

    @classmethod
    def create_fixed_module(
        cls,
        sample: Mapping[str, Value],
        hidden_states: int | None = None,
        max_nodes: int = MAX_NODES,
        max_inputs: int = 3,
        input_size: int = 400,
        hidden_size: int = 600,
    ) -> RecurrentCell:
        """The cell of a sample, for NNI's `model_context`: takes the arguments of the space."""
        choices = CellChoices(hidden_states, max_nodes, max_inputs)
        return RecurrentCell(choices.from_sample(sample), input_size, hidden_size)

    def freeze(self, sample: Mapping[str, Value]) -> RecurrentCell:
        """The torch module of a sample. Raises NNI's SampleValidationError."""
        self.validate(sample)
        return RecurrentCell(self.from_sample(sample), self.input_size, self.hidden_size)

    def to_sample(self, recipe: Recipe) -> Sample:
        """A sample of the recipe. Raises RecipeError where the options are too narrow for it."""
        return self.choices.to_sample(recipe)

    def from_sample(self, sample: Mapping[str, Value]) -> Recipe:
        """The recipe of a sample. Raises RecipeError."""
        return self.choices.from_sample(sample)

    def export(self, found: Mapping[str, Value] | RecurrentCell) -> Recipe:
        """The recipe of what a search returns: a sample or a frozen module."""
        return found.recipe if isinstance(found, RecurrentCell) else self.from_sample(found)


def nni_choices(choices: CellChoices) -> dict[str, Any]:
    """Label -> NNI's Categorical."""
    return {label: nni.choice(label, values) for label, values in choices.categoricals.items()}
