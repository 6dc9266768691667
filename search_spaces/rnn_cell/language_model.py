"""The release's language model around a cell, by its sizes."""

from __future__ import annotations

from search_spaces.rnn_cell.architecture import Recipe

PTB_VOCABULARY = 10_000


def language_model_parameters(recipe: Recipe, vocabulary: int = PTB_VOCABULARY) -> int:
    """Parameters of the release's language model: 3 layers, embedding 400, hidden 600, tied."""
    layers = ((400, 600), (600, 600), (600, 400))
    cells = sum(recipe.num_parameters(width, hidden) for width, hidden in layers)
    return vocabulary * 400 + vocabulary + cells
