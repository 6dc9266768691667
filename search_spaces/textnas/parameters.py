"""Number of parameters of an architecture, without its word vectors."""

from __future__ import annotations

from typing import Literal

from search_spaces.textnas.architecture import Arc, ArcError
from search_spaces.values import check_widths

BatchNorm = Literal["skips", "always"]
"""Layers that end in batch norm: those with skips, as in the release, or all, as in NNI."""

SIZES = {"vectors": 300, "width": 256, "classes": 2}
"""Widths of word vectors, layers and head: those of the paper on SST-2."""

_CONVOLUTIONS = {"conv1": 1, "conv3": 3, "conv5": 5, "conv7": 7}
"""Op -> width of its kernel."""


def num_parameters(
    arc: Arc,
    vectors: int = SIZES["vectors"],
    width: int = SIZES["width"],
    classes: int = SIZES["classes"],
    *,
    batch_norm: BatchNorm = "skips",
) -> int:
    """Return the sum over stem, layers and head. Raises ArcError for an impossible size.

    The first layer ends in no batch norm in either form.
    """
    check_widths(ArcError, vectors=vectors, width=width, classes=classes)
    normed = sum(bool(layer.skips) for layer in arc.layers)
    if batch_norm == "always":
        normed = len(arc.layers) - 1
    return (
        _convolution(1, vectors, width)
        + sum(_op_parameters(layer.op, width) for layer in arc.layers)
        + normed * _batch_norm(width)
        + len(arc.layers)  # a weight of each in the head's sum
        + width * classes
        + classes
    )


def _op_parameters(op: str, width: int) -> int:
    if op in _CONVOLUTIONS:
        return _convolution(_CONVOLUTIONS[op], width, width)
    if op == "gru":
        return 2 * (3 * width * 2 * width + 6 * width)
    if op == "attention":
        return 3 * (width * width + width) + _batch_norm(width)
    return 0


def _convolution(kernel: int, inputs: int, width: int) -> int:
    return kernel * inputs * width + width + _batch_norm(width)


def _batch_norm(width: int) -> int:
    return 2 * width
