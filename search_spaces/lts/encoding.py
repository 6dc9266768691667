"""Feature vectors of a decoder for surrogates and predictors."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from search_spaces.base import EncodingKind
from search_spaces.lts.architecture import LtsArchitecture
from search_spaces.lts.parameters import count_parameters
from search_spaces.lts.rules import N_HEADS, RULES
from search_spaces.op_graph import OpGraph

MAX_LAYERS = max(max(rules.n_layers) for rules in RULES.values())
_TASKS = tuple(RULES)
_BAND = 512
"""Inner widths that differ by less are one operation of a graph."""
_BANDS = max(rules.max_inner for rules in RULES.values()) // _BAND + 1


def encode(decoder: LtsArchitecture, kind: EncodingKind = "flat") -> NDArray[np.float64]:
    """Return features, different for different decoders in `flat` and `graph`.

    `counts`: model and data set one-hot, widths of model and embedding, divisor, number of layers,
    sums over layers of heads and of inner widths, and the natural logarithms of the parameters
    outside the embedding and in all. `flat`: these, then heads and inner width of sixteen layers, 0
    where there is none. `graph`: layers x 11 = heads and inner width, then the first nine columns
    of `counts`, in each row.
    """
    layers = np.array(decoder.layers, dtype=np.float64)
    counts = _counts(decoder, layers)
    if kind == "counts":
        return counts
    if kind == "graph":
        shared = counts[: len(_TASKS) + 4]
        return np.column_stack([layers, np.broadcast_to(shared, (len(layers), len(shared)))])
    padded = np.zeros((MAX_LAYERS, layers.shape[1]))
    padded[: len(layers)] = layers
    return np.concatenate([counts, padded.ravel()])


def op_graph(decoder: LtsArchitecture) -> OpGraph:
    """Return the embedding, then one vertex a layer, each reading the one before.

    A layer's operation is its number of heads with its inner width in bands of 512; the embedding's
    is the width of the model. Decoders that differ in less have equal graphs.
    """
    widths = sorted({width for rules in RULES.values() for width in rules.d_models})
    stems = tuple(f"embedding {width}" for width in widths)
    layers = tuple(_operation(n_head, band) for n_head, band in product(N_HEADS, range(_BANDS)))
    of_layers = (_operation(n_head, d_inner // _BAND) for n_head, d_inner in decoder.layers)
    vertices = (f"embedding {decoder.d_model}", *of_layers)
    edges = tuple(pairwise(range(len(vertices))))
    return OpGraph((*stems, *layers), vertices, edges, 1 + MAX_LAYERS)


def _operation(n_head: int, band: int) -> str:
    return f"heads {n_head} inner {band * _BAND}+"


def _counts(decoder: LtsArchitecture, layers: NDArray[np.float64]) -> NDArray[np.float64]:
    parameters = count_parameters(decoder)
    return np.array(
        [
            *((decoder.model, decoder.dataset) == task for task in _TASKS),
            decoder.d_model,
            decoder.d_embed,
            decoder.divisor,
            len(layers),
            *layers.sum(axis=0),
            math.log(parameters.non_embedding),
            math.log(parameters.total),
        ],
        dtype=np.float64,
    )
