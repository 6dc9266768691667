"""Number of parameters of a network of cells, without its word vectors."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from search_spaces.emd_cell.architecture import NODES, CellError, EmdCell
from search_spaces.values import check_widths

Output = Literal["concat", "addnorm"]
"""A cell gives the channels of its nodes, or the layer norm of these plus its second input."""

SIZES = {"vectors": 300, "width": 256, "classes": 2, "cells": 4}
"""Widths of word vectors, nodes and head, and number of cells: the paper's for two classes, with
word vectors instead of its BERT embeddings."""


def num_parameters(
    cell: EmdCell,
    vectors: int = SIZES["vectors"],
    width: int = SIZES["width"],
    classes: int = SIZES["classes"],
    cells: int = SIZES["cells"],
    *,
    output: Output = "concat",
) -> int:
    """Return the sum over stem, cells and head. Raises CellError for an impossible size."""
    check_widths(CellError, vectors=vectors, width=width, classes=classes, cells=cells)
    wide = NODES * width
    # What the cells read: the stem twice, then the stem and a cell, then two cells.
    inputs = [width, width, *[wide] * (cells - 1)]
    ops = sum(_op_parameters(op, width) for node in cell.nodes for op, _ in node)
    total = vectors * width + _batch_norm(width) + 2 * wide * classes + classes
    for first, second in pairwise(inputs):
        total += (first + second) * width + ops
        if output == "addnorm":
            total += second * wide + 2 * wide
    return total


def _op_parameters(op: str, width: int) -> int:
    kind, _, kernel = op.partition("_")
    if kind == "stdconv":
        return 2 * _separable(int(kernel), width)
    if kind == "dilconv":
        return _separable(int(kernel), width)
    return 0 if op == "skip_connect" else _batch_norm(width)


def _separable(kernel: int, width: int) -> int:
    """Return the parameters of a depthwise and a pointwise convolution and a batch norm."""
    return kernel * width + width * width + _batch_norm(width)


def _batch_norm(width: int) -> int:
    return 2 * width
