"""The space of NAS-Bench-NLP's recurrent cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.op_graph import OpGraph
from search_spaces.rnn_cell import moves
from search_spaces.rnn_cell.architecture import Recipe, RecipeError
from search_spaces.rnn_cell.choices import CellChoices
from search_spaces.rnn_cell.encoding import encode, op_graph
from search_spaces.rnn_cell.language_model import language_model_parameters
from search_spaces.rnn_cell.published import (
    NAMED,
    named_recipe,
    published_names,
    published_recipe,
)
from search_spaces.rnn_cell.validity import OPS

if TYPE_CHECKING:
    import torch


class RnnCellSpace(SearchSpace[Recipe]):
    """NAS-Bench-NLP's recurrent cells: 1 to 3 hidden states, up to 24 nodes, 7 operations.

    `size` holds `input_size` and `hidden_size`.
    """

    name = "rnn_cell"
    architecture_class = Recipe
    error = RecipeError
    known_texts = f"{', '.join(NAMED)}, an id from 1000000 to 1014002, or the recipe's JSON"
    op_set = OPS
    model_space_class = "search_spaces.rnn_cell.model_space:RnnCellModelSpace"
    draw_function = "search_spaces.rnn_cell.drawing:draw"

    def published_names(self) -> Sequence[str]:
        """Return `rnn`, `lstm`, `gru` and the ids of the published list."""
        return published_names()

    def load_published(self, name: str) -> Recipe:
        return named_recipe(name)

    def parse_release_format(self, text: str) -> Recipe | None:
        """Return the recipe of a published id; None for a text that is not digits."""
        is_id = text.isascii() and text.isdigit() and len(text) < 10
        return published_recipe(int(text)) if is_id else None

    def choices(self, **options: Any) -> CellChoices:
        return CellChoices(**options)

    def sample(self, rng: np.random.Generator) -> Recipe:
        """Return a random cell of the release's distribution."""
        return moves.sample(rng)

    def mutate(self, architecture: Recipe, rng: np.random.Generator) -> Recipe:
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: Recipe) -> list[Recipe]:
        return moves.neighbours(architecture)

    def encode(self, architecture: Recipe, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        return encode(architecture, kind)

    def features(self, architectures: Sequence[Recipe]) -> NDArray[np.float64]:
        """Return features of graph, asymptotics and untrained dynamics: milliseconds per cell."""
        from search_spaces.rnn_cell.features.table import cell_features

        return cell_features(architectures)

    def op_graph(self, architecture: Recipe) -> OpGraph:
        return op_graph(architecture)

    def operations(self, architecture: Recipe) -> list[str]:
        return [node.op for node in architecture.nodes]

    def describe(self, architecture: Recipe) -> Description:
        """Return its sizes, the operations, and the parameters of the PTB language model."""
        return {
            "hidden_states": architecture.hidden_states,
            "nodes": len(architecture.nodes),
            **self.op_counts(architecture),
            "parameters": language_model_parameters(architecture),
        }

    @optional_imports()
    def network(self, architecture: Recipe, size: Mapping[str, int]) -> torch.nn.Module:
        from search_spaces.rnn_cell.network import RecurrentCell

        return RecurrentCell(architecture, size["input_size"], size["hidden_size"])
