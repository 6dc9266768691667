"""The doors of the space of ENAS' recurrent cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind
from search_spaces.enas_cell import moves
from search_spaces.enas_cell.architecture import ACTIVATIONS, Cell, CellError
from search_spaces.enas_cell.choices import DEFAULT_NODES, CellChoices, check_nodes
from search_spaces.enas_cell.encoding import depth, encode, op_graph
from search_spaces.enas_cell.language_model import language_model_parameters
from search_spaces.enas_cell.published import SEQUENCES, published_cell
from search_spaces.op_graph import OpGraph

if TYPE_CHECKING:
    import torch


class EnasCellSpace:
    """Recurrent cells of so many nodes, each with a predecessor and one of four activations.

    `nodes` is the size of what is sampled and chosen; a cell of another size is parsed, mutated
    and encoded as well.
    """

    name = "enas_cell"

    def __init__(self, nodes: int = DEFAULT_NODES) -> None:
        check_nodes(nodes)
        self.nodes = nodes

    def published_names(self) -> Sequence[str]:
        """`enas_ptb`, the cell of 12 nodes that the paper found on Penn Treebank."""
        return tuple(SEQUENCES)

    def parse(self, text: str) -> Cell:
        """A cell from its JSON text or its published name. Raises CellError."""
        text = text.strip()
        if text in SEQUENCES:
            return published_cell(text)
        if text.startswith("{"):
            return Cell.from_json(text)
        known = f"{', '.join(SEQUENCES)}, or the cell's JSON"
        raise CellError(f"unknown architecture {text[:60]!r} of space enas_cell; known: {known}")

    def sample(self, rng: np.random.Generator) -> Cell:
        """A random cell, every choice drawn evenly."""
        return moves.sample(rng, self.nodes)

    def mutate(self, architecture: Cell, rng: np.random.Generator) -> Cell:
        """A cell one edit away."""
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: Cell) -> list[Cell]:
        """All cells one edit away."""
        return moves.neighbours(architecture)

    def encode(self, architecture: Cell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        """Features of the cell: see `encoding.py`."""
        return encode(architecture, kind)

    def op_graph(self, architecture: Cell) -> OpGraph:
        """Operations and wires: see `encoding.py`."""
        return op_graph(architecture)

    def op_counts(self, architecture: Cell) -> dict[str, int]:
        """How often each of the four activations occurs."""
        count = Counter(node.activation for node in architecture.nodes)
        return {activation: count[activation] for activation in ACTIVATIONS}

    def describe(self, architecture: Cell) -> Description:
        """Sizes, the count of every activation, and the parameters of the PTB language model."""
        return {
            "nodes": len(architecture.nodes),
            "ends": len(architecture.ends),
            "depth": depth(architecture),
            **self.op_counts(architecture),
            "parameters": language_model_parameters(architecture),
        }

    @optional_imports()
    def network(self, architecture: Cell, size: Mapping[str, int]) -> torch.nn.Module:
        """The torch module of the cell; `size` holds `input_size` and `hidden_size`."""
        from search_spaces.enas_cell.network import EnasCell

        return EnasCell(architecture, size["input_size"], size["hidden_size"])

    def choices(self, **options: Any) -> CellChoices:
        """The cell as categorical choices; options as in `CellChoices`."""
        return CellChoices(**{"nodes": self.nodes, **options})

    @optional_imports()
    def model_space(self, **options: Any) -> Any:
        """The NNI ModelSpace of the cell; options as in `EnasCellModelSpace`."""
        from search_spaces.enas_cell.model_space import EnasCellModelSpace

        return EnasCellModelSpace(**{"nodes": self.nodes, **options})

    def draw(self, architecture: Cell, path: Path) -> None:
        """A picture of the cell: sources left, output right, activations coloured."""
        from search_spaces.enas_cell.drawing import draw

        draw(architecture, path)
