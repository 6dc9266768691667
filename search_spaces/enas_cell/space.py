"""The space of ENAS' recurrent cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.enas_cell import moves
from search_spaces.enas_cell.architecture import ACTIVATIONS, Cell, CellError
from search_spaces.enas_cell.choices import DEFAULT_NODES, CellChoices, check_nodes
from search_spaces.enas_cell.encoding import depth, encode, op_graph
from search_spaces.enas_cell.language_model import language_model_parameters
from search_spaces.enas_cell.published import SEQUENCES, published_cell
from search_spaces.op_graph import OpGraph

if TYPE_CHECKING:
    import torch


class EnasCellSpace(SearchSpace[Cell]):
    """Recurrent cells whose nodes each have a predecessor and one of four activations.

    `size` holds `input_size` and `hidden_size`.

    Args:
        nodes: Number of nodes of samples and choices; a cell of another size is parsed, mutated
            and encoded as well.

    Raises:
        CellError: No cell has so many nodes.
    """

    name = "enas_cell"
    architecture_class = Cell
    error = CellError
    known_texts = f"{', '.join(SEQUENCES)}, or the cell's JSON"
    op_set = ACTIVATIONS
    model_space_class = "search_spaces.enas_cell.model_space:EnasCellModelSpace"
    draw_function = "search_spaces.enas_cell.drawing:draw"

    def __init__(self, nodes: int = DEFAULT_NODES) -> None:
        check_nodes(nodes)
        self.nodes = nodes

    def published_names(self) -> Sequence[str]:
        return tuple(SEQUENCES)

    def load_published(self, name: str) -> Cell:
        return published_cell(name)

    def choices(self, **options: Any) -> CellChoices:
        return CellChoices(**{"nodes": self.nodes, **options})

    def model_space(self, **options: Any) -> Any:
        return super().model_space(**{"nodes": self.nodes, **options})

    def sample(self, rng: np.random.Generator) -> Cell:
        return moves.sample(rng, self.nodes)

    def neighbours(self, architecture: Cell) -> list[Cell]:
        return moves.neighbours(architecture)

    def encode(self, architecture: Cell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        return encode(architecture, kind)

    def op_graph(self, architecture: Cell) -> OpGraph:
        return op_graph(architecture)

    def operations(self, architecture: Cell) -> list[str]:
        return [node.activation for node in architecture.nodes]

    def describe(self, architecture: Cell) -> Description:
        """Return its sizes, the activations, and the parameters of the PTB language model."""
        return {
            "nodes": len(architecture.nodes),
            "ends": len(architecture.ends),
            "depth": depth(architecture),
            **self.op_counts(architecture),
            "parameters": language_model_parameters(architecture),
        }

    @optional_imports()
    def network(self, architecture: Cell, size: Mapping[str, int]) -> torch.nn.Module:
        from search_spaces.enas_cell.network import EnasCell

        return EnasCell(architecture, size["input_size"], size["hidden_size"])
