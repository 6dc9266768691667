"""NAS-Bench-NLP's recurrent cell (Klyuchnikov et al., 2020, arXiv 2006.07116)."""

from search_spaces.rnn_cell.architecture import Node, Recipe, RecipeError
from search_spaces.rnn_cell.published import published_ids, published_recipe

__all__ = ["Node", "Recipe", "RecipeError", "published_ids", "published_recipe"]
