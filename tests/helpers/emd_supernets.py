"""Supernets of `emd_cell` for tests, of a few numbers each."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from search_spaces.emd_cell import EmdCell, moves
from search_spaces.emd_cell.architecture import EDGES
from search_spaces.emd_cell.model_space import EmdCellModelSpace
from search_spaces.emd_cell.supernet import MIXED_OPS
from search_spaces.sequences import MaskedNorm

CELLS, VECTORS, WIDTH, CLASSES = 3, 3, 4, 3
SIZES: dict[str, Any] = {
    "cells": CELLS,
    "vectors": VECTORS,
    "width": WIDTH,
    "classes": CLASSES,
    "dropout": 0.0,
}
VARIANTS = [(output, strict) for output in ("concat", "addnorm") for strict in (False, True)]
# Both outputs and both modes, each once in the quick tests.
MARKED_VARIANTS = [
    pytest.param(output, strict, marks=[] if strict and output == "addnorm" else pytest.mark.slow)
    for output, strict in VARIANTS
]
SEEDS = [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
LENGTHS = torch.tensor([5, 2, 4])


def supernet(strategy: Any, **options: Any) -> Any:
    """In double precision; batch norms look as if they had been trained."""
    kind: Any = type(strategy)
    return copy.deepcopy(built(kind, **options))


@cache
def built(kind: Any, **options: Any) -> Any:
    """The supernet of a kind of strategy: building takes much longer than copying."""
    torch.manual_seed(0)
    space = kind().mutate_model(EmdCellModelSpace(**(SIZES | options))).double()
    norms = [module for module in space.modules() if isinstance(module, MaskedNorm)]
    for norm in norms:
        torch.nn.init.uniform_(norm.get_buffer("running_var"), 0.5, 2.0)
        for values in (norm.get_buffer("running_mean"), norm.weight, norm.bias):
            torch.nn.init.normal_(values)
    return space


def words() -> tuple[Tensor, Tensor]:
    """Vectors and mask of three sentences."""
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(3, 5, VECTORS, generator=generator, dtype=torch.float64)
    return vectors, torch.arange(5) < LENGTHS[:, None]


def drawn(seed: int) -> EmdCell:
    return moves.sample(np.random.default_rng(seed))


def take(space: Any, cell: EmdCell) -> None:
    """Let the supernet be one cell."""
    space.edges.resample(memo=space.to_sample(cell))


def mix_only(space: Any, cell: EmdCell) -> None:
    """Let the mixture be one cell: all weight on its ops, and on none elsewhere."""
    alphas = torch.full((9, 10), -1e9, dtype=torch.float64)
    for row, (node, source) in enumerate(EDGES):
        ops = [op for op, its in cell.nodes[node] if its == source]
        alphas[row, MIXED_OPS.index(ops[0] if ops else "none")] = 0
    space.edges.alphas.data = alphas
