"""The space of KD-NAS-EMD."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.emd_cell import moves
from search_spaces.emd_cell.architecture import OPS, CellError, EmdCell
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.emd_cell.encoding import depth, encode, ends, inner_edges, op_graph
from search_spaces.emd_cell.genotype import from_genotype, to_genotype
from search_spaces.emd_cell.parameters import SIZES, num_parameters
from search_spaces.emd_cell.published import GENOTYPES, published_cell
from search_spaces.op_graph import OpGraph
from search_spaces.values import complete_sizes

if TYPE_CHECKING:
    import torch

    from search_spaces.emd_cell.network import EmdCellNetwork

_GENOTYPE = re.compile(r"Genotype\b|normal\s*=|\[\s*\[")


class EmdCellSpace(SearchSpace[EmdCell]):
    """Cells of three nodes, each the sum of two of nine ops, that classify sentences.

    `size` may hold `vectors`, `width`, `classes` and `cells`; parameters of word vectors do not
    count.
    """

    name = "emd_cell"
    architecture_class = EmdCell
    error = CellError
    noun = "cell"
    known_texts = f"{', '.join(GENOTYPES)}, a cell's JSON, a genotype"
    op_set = OPS
    model_space_class = "search_spaces.emd_cell.model_space:EmdCellModelSpace"
    draw_function = "search_spaces.emd_cell.drawing:draw"
    classifier_options = ("width", "cells", "dropout", "drop_path", "output", "strict")

    def published_names(self) -> Sequence[str]:
        return tuple(GENOTYPES)

    def load_published(self, name: str) -> EmdCell:
        return published_cell(name)

    def parse_release_format(self, text: str) -> EmdCell | None:
        return from_genotype(text) if _GENOTYPE.match(text) else None

    def release_formats(self, architecture: EmdCell) -> dict[str, str]:
        return {"genotype": to_genotype(architecture)}

    def choices(self, **options: Any) -> CellChoices:
        return CellChoices(**options)

    def sample(self, rng: np.random.Generator) -> EmdCell:
        return moves.sample(rng)

    def neighbours(self, architecture: EmdCell) -> list[EmdCell]:
        return moves.neighbours(architecture)

    def encode(self, architecture: EmdCell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        return encode(architecture, kind)

    def op_graph(self, architecture: EmdCell) -> OpGraph:
        return op_graph(architecture)

    def operations(self, architecture: EmdCell) -> list[str]:
        return [op for node in architecture.nodes for op, _ in node]

    def describe(self, architecture: EmdCell) -> Description:
        """Return its shape, the ops, and the parameters at the sizes of the last training."""
        return {
            "depth": depth(architecture),
            "inner_edges": inner_edges(architecture),
            "ends": ends(architecture),
            **self.op_counts(architecture),
            "parameters": num_parameters(architecture),
        }

    def parameters(self, architecture: EmdCell, size: Mapping[str, int]) -> int:
        return num_parameters(architecture, *complete_sizes(size, SIZES, CellError).values())

    @optional_imports()
    def network(self, architecture: EmdCell, size: Mapping[str, int]) -> torch.nn.Module:
        return self.classifier(architecture, **complete_sizes(size, SIZES, CellError))

    @optional_imports()
    def classifier(
        self, architecture: EmdCell, *, vectors: int, classes: int, **options: Any
    ) -> EmdCellNetwork:
        from search_spaces.emd_cell.network import EmdCellNetwork
        from search_spaces.emd_cell.sizes import Sizes

        return EmdCellNetwork(architecture, Sizes(vectors=vectors, classes=classes, **options))
