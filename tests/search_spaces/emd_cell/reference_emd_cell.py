"""The network sentence by sentence and word by word, in numpy: what the fast one is held against.

Of the module it reads the weights and the architecture alone. It stands for evaluation: no dropout,
batch norms with their running statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.emd_cell.network import EmdCellNetwork

Rows = NDArray[np.float64]
"""(length, width): the words of one sentence."""


def logits_of(network: EmdCellNetwork, vectors: NDArray[np.float64], lengths: Sequence[int]) -> Any:
    """(sentences, classes) of vectors (sentences, length, vectors)."""
    pairs = zip(vectors, lengths, strict=True)
    return np.stack([_sentence(network, rows[:words]) for rows, words in pairs])


def _sentence(network: Any, rows: Rows) -> Rows:
    """Padding is cut off: in evaluation it counts for nothing."""
    stem = _normed(network.stem.norm, rows @ _array(network.stem.convolution.weight)[:, :, 0].T)
    before_last, last = stem, stem
    for layer in network.cells:
        before_last, last = last, _cell(layer, before_last, last)
    pooled = np.concatenate([last.max(0), last.mean(0)])
    logits: Rows = _array(network.head.linear.weight) @ pooled + _array(network.head.linear.bias)
    return logits


def _cell(layer: Any, before_last: Rows, last: Rows) -> Rows:
    first, second = (_array(convolution.weight)[:, :, 0] for convolution in layer.frame.inputs)
    sources = [before_last @ first.T, last @ second.T]
    for number, edges in enumerate(layer.cell.nodes):
        total = np.zeros_like(sources[0])
        for name, source in edges:
            total = total + _op(name, layer.edges[f"edge_{source}_{number + 2}"], sources[source])
        sources.append(total)
    joined = np.concatenate(sources[2:], axis=1)
    if layer.frame.end is None:
        return joined
    joined = joined + last @ _array(layer.frame.end.convolution.weight)[:, :, 0].T
    middle = joined - joined.mean(1, keepdims=True)
    normed: Rows = middle / np.sqrt((middle**2).mean(1, keepdims=True) + 1e-12)
    return normed * _array(layer.frame.end.norm.weight) + _array(layer.frame.end.norm.bias)


def _op(name: str, op: Any, rows: Rows) -> Rows:
    if name == "skip_connect":
        return rows
    if name.startswith("stdconv"):
        return _separable(op.second, _separable(op.first, rows, 1), 1)
    if name.startswith("dilconv"):
        return _separable(op, rows, 2)
    found = np.zeros_like(rows)
    for t in range(len(rows)):
        near = rows[max(t - 1, 0) : t + 2]
        found[t] = near.mean(0) if name == "avg_pool_3x3" else near.max(0)
    return _normed(op.norm, found)


def _separable(op: Any, rows: Rows, dilation: int) -> Rows:
    kernel = _array(op.depthwise.weight)[:, 0]
    found = np.zeros_like(rows)
    for t in range(len(rows)):
        for place in range(kernel.shape[1]):
            source = t + dilation * (place - kernel.shape[1] // 2)
            if 0 <= source < len(rows):
                found[t] += kernel[:, place] * np.maximum(rows[source], 0)
    return _normed(op.norm, found @ _array(op.pointwise.weight)[:, :, 0].T)


def _normed(norm: Any, rows: Rows) -> Rows:
    spread = np.sqrt(_array(norm.running_var) + 1e-5)
    normed = (rows - _array(norm.running_mean)) / spread
    return normed * _array(norm.weight) + _array(norm.bias)


def _array(weights: Any) -> NDArray[np.float64]:
    array: NDArray[np.float64] = weights.detach().numpy()
    return array
