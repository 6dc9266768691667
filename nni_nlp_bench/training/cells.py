"""Recurrent cells of language models, and their layers."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import torch

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace
from search_spaces.enas_cell import Cell
from search_spaces.enas_cell.network import EnasCell
from search_spaces.registry import get_space
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.network import RecurrentCell

AnyCell: TypeAlias = Recipe | Cell
SPACES = ("rnn_cell", "enas_cell")
Layer: TypeAlias = RecurrentCell | EnasCell


def layer_of(cell: AnyCell, input_size: int, hidden_size: int, generator: torch.Generator) -> Layer:
    """Return the torch module of a cell, with weights drawn from the generator."""
    if isinstance(cell, Recipe):
        return RecurrentCell(cell, input_size, hidden_size, generator)
    return EnasCell(cell, input_size, hidden_size, generator)


def cell_space(name: str) -> SearchSpace[Any]:
    """Return the space of that name. Raises UserError if it has no recurrent cells."""
    space = get_space(name)
    if name not in SPACES:
        raise UserError(f"space {name} has no recurrent cells; these have: {', '.join(SPACES)}")
    return space


def cell_of(text: str) -> AnyCell:
    """Parse a cell of any of these spaces from JSON. Raises UserError."""
    of_enas = isinstance(json.loads(text).get("nodes"), list)
    return Cell.from_json(text) if of_enas else Recipe.from_json(text)
