"""The space of NAS-Bench-ASR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.asr_cell.architecture import OPS, AsrCell, AsrCellError
from search_spaces.asr_cell.choices import AsrCellChoices
from search_spaces.asr_cell.encoding import encode, op_graph
from search_spaces.asr_cell.parameters import SIZES, num_parameters
from search_spaces.asr_cell.release_hash import release_hash
from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.op_graph import OpGraph
from search_spaces.values import complete_sizes

if TYPE_CHECKING:
    import torch


class AsrCellSpace(SearchSpace[AsrCell]):
    """Cells of three nodes, each with one of six operations, and skips between them.

    An edit gives a node another operation, or adds or removes a skip; what stays the same network
    is no edit. `size` may hold `features`, `groups`, `hidden_size` and `classes`.
    """

    name = "asr_cell"
    architecture_class = AsrCell
    error = AsrCellError
    noun = "cell"
    known_texts = "a cell's JSON, or the release's list, such as [[1,0],[1,0,0],[1,0,0,0]]"
    op_set = OPS
    model_space_class = "search_spaces.asr_cell.model_space:AsrCellModelSpace"
    draw_function = "search_spaces.asr_cell.drawing:draw"

    def parse_release_format(self, text: str) -> AsrCell | None:
        return AsrCell.from_list(text) if text.startswith("[") else None

    def choices(self, **options: Any) -> AsrCellChoices:
        return AsrCellChoices(**options)

    def encode(self, architecture: AsrCell, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        return encode(architecture, kind)

    def op_graph(self, architecture: AsrCell) -> OpGraph:
        return op_graph(architecture)

    def describe(self, architecture: AsrCell) -> Description:
        """Return its skips, the operations as they are written and those that the output depends
        on, the parameters at the paper's sizes, and the release's list and hash."""
        needed, _ = architecture.normal_form
        return {
            "skips": sum(len(node.skips) for node in architecture.nodes),
            **self.op_counts(architecture),
            "needed_ops": len(needed),
            "parameters": num_parameters(architecture),
            "release_list": str(architecture.to_vector()),
            "release_hash": release_hash(architecture),
        }

    def parameters(self, architecture: AsrCell, size: Mapping[str, int]) -> int:
        return num_parameters(architecture, **complete_sizes(size, SIZES, AsrCellError))

    @optional_imports()
    def network(self, architecture: AsrCell, size: Mapping[str, int]) -> torch.nn.Module:
        from search_spaces.asr_cell.network import AsrNetwork, Sizes

        return AsrNetwork(architecture, Sizes(**complete_sizes(size, SIZES, AsrCellError)))
