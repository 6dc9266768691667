"""Choices of one layer's inputs, which the model space and its supernets share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.nni_model_space import ChoicesModule
from search_spaces.textnas.choices import ArcChoices, Value


class Edges(ChoicesModule):
    """Choices of which earlier layer one layer reads, and which it adds to its op's output."""

    def __init__(self, number: int, categoricals: Mapping[str, Sequence[Value]]) -> None:
        super().__init__(categoricals)
        self.number = number

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.number, self.categoricals


def edge_choices(number: int, choices: ArcChoices) -> dict[str, list[Value]]:
    """Return the values of the choices of one layer, except its op, by label."""
    own = (f"input_{number}", *(f"skip_{number}_{earlier}" for earlier in range(number)))
    return {label: of for label, of in choices.categoricals.items() if label in own}
