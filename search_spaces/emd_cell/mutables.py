"""The choices of a cell, which the model space and its supernets share."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from search_spaces.emd_cell.architecture import Node
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.nni_model_space import ChoicesModule

EdgeWeights = Sequence[Node] | Tensor
"""Summands of the nodes: the edges of one cell, or the weights (9, 10) of all ops and `none` on all
edges, in the order of `EDGES`."""


class Edges(ChoicesModule):
    """The choices of a cell, which all cells of a network share."""

    def __init__(self) -> None:
        super().__init__(CellChoices().categoricals)
