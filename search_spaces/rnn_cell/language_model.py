"""The release's language model around a cell, by its sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

PTB_VOCABULARY = 10_000
LAYERS = ((400, 600), (600, 600), (600, 400))
"""Input and hidden width of each layer of the release."""


class CountedCell(Protocol):
    """A recurrent cell of any space."""

    def num_parameters(self, input_size: int, hidden_size: int) -> int:
        """Return the parameters of one layer."""
        ...


def language_model_parameters(
    cell: CountedCell,
    vocabulary: int = PTB_VOCABULARY,
    layers: Sequence[tuple[int, int]] = LAYERS,
) -> int:
    """Return the parameters of the language model; its decoder's weight is the embedding."""
    cells = sum(cell.num_parameters(width, hidden) for width, hidden in layers)
    embedding, _ = layers[0]
    return vocabulary * (embedding + 1) + cells
