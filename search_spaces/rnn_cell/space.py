"""The doors of the recurrent cell's space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind
from search_spaces.op_graph import OpGraph
from search_spaces.rnn_cell import moves
from search_spaces.rnn_cell.architecture import Recipe, RecipeError
from search_spaces.rnn_cell.encoding import encode, op_graph
from search_spaces.rnn_cell.language_model import language_model_parameters
from search_spaces.rnn_cell.published import NAMED, named_recipe, published_ids, published_recipe
from search_spaces.rnn_cell.validity import OPS

if TYPE_CHECKING:
    import torch

    from search_spaces.rnn_cell.choices import CellChoices


class RnnCellSpace:
    """NAS-Bench-NLP's recurrent cells: 1 to 3 hidden states, up to 24 nodes, 7 operations."""

    name = "rnn_cell"

    @cached_property
    def _published(self) -> tuple[str, ...]:
        return (*NAMED, *(str(i) for i in published_ids()))

    def published_names(self) -> Sequence[str]:
        """`rnn`, `lstm`, `gru` and the ids of the published list."""
        return self._published

    def parse(self, text: str) -> Recipe:
        """A recipe from its JSON text, its name or its published id. Raises RecipeError."""
        text = text.strip()
        if text in NAMED:
            return named_recipe(text)
        if text.isascii() and text.isdigit() and len(text) < 10:
            return published_recipe(int(text))
        if text.startswith("{"):
            return Recipe.from_json(text)
        known = f"{', '.join(NAMED)}, an id from 1000000 to 1014002, or the recipe's JSON"
        raise RecipeError(f"unknown architecture {text[:60]!r} of space rnn_cell; known: {known}")

    def sample(self, rng: np.random.Generator) -> Recipe:
        """A random cell of the release's distribution."""
        return moves.sample(rng)

    def mutate(self, architecture: Recipe, rng: np.random.Generator) -> Recipe:
        """A valid cell one edit away."""
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: Recipe) -> list[Recipe]:
        """All valid cells one edit away."""
        return moves.neighbours(architecture)

    def encode(self, architecture: Recipe, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        """Features of the cell: see `encoding.py`."""
        return encode(architecture, kind)

    def op_graph(self, architecture: Recipe) -> OpGraph:
        """Operations and wires: see `encoding.py`."""
        return op_graph(architecture)

    def op_counts(self, architecture: Recipe) -> dict[str, int]:
        """How often each of the seven operations occurs."""
        count = Counter(node.op for node in architecture.nodes)
        return {op: count[op] for op in OPS}

    def describe(self, architecture: Recipe) -> Description:
        """Sizes, the count of every operation, and the parameters of the PTB language model."""
        return {
            "hidden_states": architecture.hidden_states,
            "nodes": len(architecture.nodes),
            **self.op_counts(architecture),
            "parameters": language_model_parameters(architecture),
        }

    @optional_imports()
    def network(self, architecture: Recipe, size: Mapping[str, int]) -> torch.nn.Module:
        """The torch module of the cell; `size` holds `input_size` and `hidden_size`."""
        from search_spaces.rnn_cell.network import RecurrentCell

        return RecurrentCell(architecture, size["input_size"], size["hidden_size"])

    def choices(self, **options: Any) -> CellChoices:
        """The cell as categorical choices; options as in `CellChoices`."""
        from search_spaces.rnn_cell.choices import CellChoices

        return CellChoices(**options)

    @optional_imports()
    def model_space(self, **options: Any) -> Any:
        """The NNI ModelSpace of the cell; options as in `RnnCellModelSpace`."""
        from search_spaces.rnn_cell.model_space import RnnCellModelSpace

        return RnnCellModelSpace(**options)

    def draw(self, architecture: Recipe, path: Path) -> None:
        """A picture of the cell: sources left, results right, operations coloured."""
        from search_spaces.rnn_cell.drawing import draw

        draw(architecture, path)
