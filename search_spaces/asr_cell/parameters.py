"""Number of parameters of the network of a cell."""

from __future__ import annotations

from itertools import pairwise

from search_spaces.asr_cell.architecture import AsrCell, AsrCellError
from search_spaces.asr_cell.canonical import ZERO
from search_spaces.values import check_widths

SIZES = {"features": 80, "groups": 100, "hidden_size": 500, "classes": 48}
"""Number of mel features, groups of convolutions, width of the LSTM, and number of outputs, the
blank of CTC included: the paper's."""
BLOCKS = ((6, 3, 1), (8, 4, 1), (10, 5, 2), (12, 6, 2))
"""Channels per group, number of cells, and stride of the convolution of each block."""
BLOCK_KERNEL = 8
CONVOLUTIONS = {"conv5": (5, 1), "conv5d2": (5, 2), "conv7": (7, 1), "conv7d2": (7, 2)}
"""Op -> kernel and dilation."""


def num_parameters(
    cell: AsrCell,
    features: int = SIZES["features"],
    groups: int = SIZES["groups"],
    hidden_size: int = SIZES["hidden_size"],
    classes: int = SIZES["classes"],
) -> int:
    """Return the sum over blocks, LSTM and output. Raises AsrCellError for an impossible size.

    As in the release, all operations of the cell count, those that nothing reads too, and the LSTM
    has one bias.
    """
    check_widths(
        AsrCellError, features=features, groups=groups, hidden_size=hidden_size, classes=classes
    )
    widths = [features, *(per_group * groups for per_group, _, _ in BLOCKS)]
    blocks = sum(
        BLOCK_KERNEL * before * width + width + _norm(width) + cells * _cell(cell, width, groups)
        for (before, width), (_, cells, _) in zip(pairwise(widths), BLOCKS, strict=True)
    )
    lstm = 4 * (widths[-1] * hidden_size + hidden_size * hidden_size + hidden_size)
    return blocks + lstm + hidden_size * classes + classes


def _cell(cell: AsrCell, width: int, groups: int) -> int:
    return _norm(width) + sum(_op(node.op, width, groups) for node in cell.nodes)


def _op(op: str, width: int, groups: int) -> int:
    if op == ZERO:
        return 0
    if op in CONVOLUTIONS:
        kernel, _ = CONVOLUTIONS[op]
        return kernel * width * width // groups + width
    return width * width + width


def _norm(width: int) -> int:
    return 2 * width
