"""The release's language model around a cell, by its sizes."""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces.rnn_cell.architecture import Recipe

PTB_VOCABULARY = 10_000
LAYERS = ((400, 600), (600, 600), (600, 400))
"""Input and hidden width of each layer of the release."""


def language_model_parameters(
    recipe: Recipe,
    vocabulary: int = PTB_VOCABULARY,
    layers: Sequence[tuple[int, int]] = LAYERS,
) -> int:
    """Parameters of the language model; its decoder's weight is the embedding."""
    cells = sum(recipe.num_parameters(width, hidden) for width, hidden in layers)
    embedding, _ = layers[0]
    return vocabulary * (embedding + 1) + cells
