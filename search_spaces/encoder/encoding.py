"""Feature vectors of an encoder for surrogates and predictors."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import EncodingKind
from search_spaces.encoder.architecture import (
    FEED_FORWARD,
    FEED_FORWARDS,
    HEADS,
    HIDDEN_SIZES,
    LAYERS,
    OPERATIONS,
    EncoderArchitecture,
)
from search_spaces.op_graph import OpGraph

_OPERATIONS = tuple(OPERATIONS)
_VERTICES = 1 + max(LAYERS)


def encode(encoder: EncoderArchitecture, kind: EncodingKind = "flat") -> NDArray[np.float64]:
    """Return features, different for different encoders in `flat` and `graph`.

    `graph`: layers x 10 = the operation one-hot, heads, width and number of feed-forwards, hidden
    size. `flat`: the hidden size, then the first nine columns of four layers, 0 where there is
    none. `counts`: hidden size, layers, how often each operation comes, and the sums over layers of
    heads, widths, numbers, and units (width times number) of feed-forwards.
    """
    layers = _layers(encoder)
    if kind == "counts":
        width, number = layers[:, -2], layers[:, -1]
        sizes = [encoder.hidden_size, len(layers)]
        return np.concatenate([sizes, layers.sum(0), [width @ number]])
    if kind == "graph":
        return np.column_stack([layers, np.full(len(layers), float(encoder.hidden_size))])
    flat = np.zeros((max(LAYERS), layers.shape[1]))
    flat[: len(layers)] = layers
    return np.concatenate([[encoder.hidden_size], flat.ravel()])


def op_graph(encoder: EncoderArchitecture) -> OpGraph:
    """Return the hidden size, then one vertex a layer, each reading the one before."""
    stems = tuple(f"hidden {size}" for size in HIDDEN_SIZES)
    kinds = tuple(map(_kind, product(_OPERATIONS, HEADS, FEED_FORWARD, FEED_FORWARDS)))
    layers = [_kind((layer.name, *layer[2:])) for layer in encoder.layers]
    vertices = (f"hidden {encoder.hidden_size}", *layers)
    return OpGraph((*stems, *kinds), vertices, tuple(pairwise(range(len(vertices)))), _VERTICES)


def _kind(values: Iterable[object]) -> str:
    return " ".join(map(str, values))


def _layers(encoder: EncoderArchitecture) -> NDArray[np.float64]:
    rows = [[*(layer.name == name for name in _OPERATIONS), *layer[2:]] for layer in encoder.layers]
    return np.array(rows, dtype=np.float64)
