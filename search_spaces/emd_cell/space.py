"""The doors of the space of KD-NAS-EMD."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind
from search_spaces.emd_cell import moves
from search_spaces.emd_cell.architecture import OPS, CellError, EmdCell
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.emd_cell.encoding import depth, encode, ends, inner_edges, op_graph
from search_spaces.emd_cell.genotype import from_genotype, to_genotype
from search_spaces.emd_cell.parameters import SIZES, num_parameters
from search_spaces.emd_cell.published import GENOTYPES, published_cell
from search_spaces.op_graph import OpGraph

if TYPE_CHECKING:
    import torch

    from search_spaces.emd_cell.network import EmdCellNetwork

_GENOTYPE = re.compile(r"Genotype\b|normal\s*=|\[\s*\[")


class EmdCellSpace:
    """Cells of three nodes, each the sum of two of nine ops, that classify sentences."""

    name = "emd_cell"

    def published_names(self) -> Sequence[str]:
        """`example`, the cell that shows the form of a genotype."""
        return tuple(GENOTYPES)

    def parse(self, text: str) -> EmdCell:
        """From its JSON, the release's genotype or its published name. Raises CellError."""
        text = text.strip()
        if text in GENOTYPES:
            return published_cell(text)
        if text.startswith("{"):
            return EmdCell.from_json(text)
        if _GENOTYPE.match(text):
            return from_genotype(text)
        known = f"{', '.join(GENOTYPES)}, a cell's JSON, a genotype"
        raise CellError(f"unknown cell {text[:60]!r} of space emd_cell; known: {known}")

    def sample(self, rng: np.random.Generator) -> EmdCell:
        """A random cell, every choice drawn evenly."""
        return moves.sample(rng)

    def mutate(self, architecture: EmdCell, rng: np.random.Generator) -> EmdCell:
        """A cell one edit away."""
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: EmdCell) -> list[EmdCell]:
        """All cells one edit away."""
        return moves.neighbours(architecture)

    def encode(self, architecture: EmdCell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        """Features of the cell: see `encoding.py`."""
        return encode(architecture, kind)

    def op_graph(self, architecture: EmdCell) -> OpGraph:
        """Operations and wires: see `encoding.py`."""
        return op_graph(architecture)

    def op_counts(self, architecture: EmdCell) -> dict[str, int]:
        """How often each of the nine ops occurs."""
        count = Counter(op for node in architecture.nodes for op, _ in node)
        return {op: count[op] for op in OPS}

    def describe(self, architecture: EmdCell) -> Description:
        """Shape, the count of every op, and the parameters at the sizes of the last training."""
        return {
            "depth": depth(architecture),
            "inner_edges": inner_edges(architecture),
            "ends": ends(architecture),
            **self.op_counts(architecture),
            "parameters": num_parameters(architecture),
        }

    def parameters(self, architecture: EmdCell, size: Mapping[str, int]) -> int:
        """Parameters without word vectors; `size` may hold `vectors`, `width`, `classes` and
        `cells`."""
        sizes = _sizes(size)
        return num_parameters(
            architecture, sizes["vectors"], sizes["width"], sizes["classes"], sizes["cells"]
        )

    @optional_imports()
    def network(self, architecture: EmdCell, size: Mapping[str, int]) -> torch.nn.Module:
        """The torch module; `size` may hold `vectors`, `width`, `classes` and `cells`."""
        from search_spaces.emd_cell.network import EmdCellNetwork
        from search_spaces.emd_cell.sizes import Sizes

        sizes = _sizes(size)
        return EmdCellNetwork(
            architecture,
            Sizes(sizes["vectors"], sizes["width"], sizes["classes"], sizes["cells"]),
        )

    @property
    def classifier_options(self) -> tuple[str, ...]:
        """The fields of `Sizes` that are not the data's."""
        return ("width", "cells", "dropout", "drop_path", "output", "strict")

    @optional_imports()
    def classifier(
        self, architecture: EmdCell, *, vectors: int, classes: int, **options: Any
    ) -> EmdCellNetwork:
        """The network for sentences; options as in `Sizes`. Raises UserError."""
        from search_spaces.emd_cell.network import EmdCellNetwork
        from search_spaces.emd_cell.sizes import Sizes

        return EmdCellNetwork(architecture, Sizes(vectors=vectors, classes=classes, **options))

    def release_formats(self, architecture: EmdCell) -> dict[str, str]:
        """The release's genotype."""
        return {"genotype": to_genotype(architecture)}

    def choices(self, **options: Any) -> CellChoices:
        """The cell as categorical choices; there are no options."""
        return CellChoices(**options)

    @optional_imports()
    def model_space(self, **options: Any) -> Any:
        """The NNI ModelSpace of the cell; options as in `EmdCellModelSpace`."""
        from search_spaces.emd_cell.model_space import EmdCellModelSpace

        return EmdCellModelSpace(**options)

    def draw(self, architecture: EmdCell, path: Path) -> None:
        """A picture of the cell: inputs, nodes and output, edges coloured by their ops."""
        from search_spaces.emd_cell.drawing import draw

        draw(architecture, path)


def _sizes(size: Mapping[str, int]) -> dict[str, int]:
    """All sizes of a network. Raises CellError for one that the space does not know."""
    for name in size:
        if name not in SIZES:
            raise CellError(f"unknown size {name[:60]!r}; known: {', '.join(SIZES)}")
    return {**SIZES, **size}
