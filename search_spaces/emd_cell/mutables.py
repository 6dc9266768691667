"""The choices of a cell, which the model space and its supernets share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from search_spaces.emd_cell.architecture import Node
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.nni_model_space import ChoicesModule

EdgeWeights = Sequence[Node] | Tensor | Mapping[str, Sequence[str]]
"""Summands of the nodes: the edges of one cell, the weights (9, 10) of all ops and `none` on all
edges, in the order of `EDGES`, or the ops by the label of an edge, which is their mean."""


class Edges(ChoicesModule):
    """The choices of a cell, which all cells of a network share."""

    def __init__(self) -> None:
        super().__init__(CellChoices().categoricals)
