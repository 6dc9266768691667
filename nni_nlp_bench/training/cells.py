"""The cells that a language model can be made of, and their layers."""

from __future__ import annotations

from typing import TypeAlias

import torch

from search_spaces.enas_cell import Cell
from search_spaces.enas_cell.network import EnasCell
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.network import RecurrentCell

AnyCell: TypeAlias = Recipe | Cell
Layer: TypeAlias = RecurrentCell | EnasCell


def layer_of(cell: AnyCell, input_size: int, hidden_size: int, generator: torch.Generator) -> Layer:
    """The torch module of a cell, its weights drawn by the generator."""
    if isinstance(cell, Recipe):
        return RecurrentCell(cell, input_size, hidden_size, generator)
    return EnasCell(cell, input_size, hidden_size, generator)
