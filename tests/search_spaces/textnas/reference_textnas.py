"""The network sentence by sentence and word by word, in numpy: what the fast one is held against.

Of the module it reads the weights and the architecture alone. It stands for evaluation: no dropout,
batch norms with their running statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.textnas.network import TextNas

Rows = NDArray[np.float64]
"""(length, width): one sentence and its padding."""


def logits_of(network: TextNas, vectors: NDArray[np.float64], lengths: Sequence[int]) -> Rows:
    """(sentences, classes) of vectors (sentences, length, vectors)."""
    return np.stack([_sentence(network, *pair) for pair in zip(vectors, lengths, strict=True)])


def _sentence(network: TextNas, rows: Rows, words: int) -> Rows:
    stem = _convolution(network.stem, _masked(rows, words), words)
    outputs: list[Rows] = []
    for i, layer in enumerate(network.arc.layers):
        read = stem if i == 0 else outputs[i - 1 - layer.distance if layer.distance < i else i - 1]
        output = _op(layer.op, network.ops[i], read, words, network.sizes.strict)
        for skip in layer.skips:
            output = output + outputs[skip]
        if layer.skips or (network.sizes.batch_norm == "always" and i > 0):
            output = _masked(_normed(network.norms[str(i)], output), words)
        outputs.append(output)
    shares = _softmax(_array(network.head.weights))
    mixed = sum(share * output for share, output in zip(shares, outputs, strict=True))
    mean = sum(mixed[t] for t in range(words)) / words
    logits: Rows = _array(network.head.linear.weight) @ mean + _array(network.head.linear.bias)
    return logits


def _op(name: str, op: Any, rows: Rows, words: int, strict: bool) -> Rows:
    if name == "gru":
        return _gru(op.gru, rows, words)
    if name == "attention":
        return _masked(_normed(op.norm, _masked(_attention(op, rows, words), words)), words)
    if name.startswith("conv"):
        return _convolution(op, rows, words)
    end = words if strict else len(rows)
    found = np.zeros_like(rows)
    for t in range(words):
        near = [rows[place] for place in (t - 1, t, t + 1) if 0 <= place < end]
        found[t] = sum(near) / 3 if name == "avg_pool3" else np.max(near, axis=0)
    return found


def _convolution(op: Any, rows: Rows, words: int) -> Rows:
    weight, bias = _array(op.convolution.weight), _array(op.convolution.bias)
    kernel = weight.shape[2]
    found = np.zeros((len(rows), len(bias)))
    for t in range(words):
        found[t] = bias
        for place in range(kernel):
            from_row = t + place - kernel // 2
            if 0 <= from_row < len(rows):
                found[t] += weight[:, :, place] @ rows[from_row]
    return np.maximum(_masked(_normed(op.norm, found), words), 0)


def _gru(gru: Any, rows: Rows, words: int) -> Rows:
    found = np.zeros_like(rows)
    for suffix, places in (("", range(words)), ("_reverse", reversed(range(words)))):
        of_input, of_state = (_array(getattr(gru, f"weight_{part}_l0{suffix}")) for part in _GRU)
        input_bias, state_bias = (_array(getattr(gru, f"bias_{part}_l0{suffix}")) for part in _GRU)
        state = np.zeros(rows.shape[1])
        for t in places:
            reset, update, new = np.split(of_input @ rows[t] + input_bias, 3)
            old_reset, old_update, old_new = np.split(of_state @ state + state_bias, 3)
            gate = _sigmoid(update + old_update)
            candidate = np.tanh(new + _sigmoid(reset + old_reset) * old_new)
            state = gate * state + (1 - gate) * candidate
            found[t] += state
    return found


_GRU = ("ih", "hh")


def _attention(op: Any, rows: Rows, words: int) -> Rows:
    query, key, value = (
        np.maximum(rows @ _array(part.weight).T + _array(part.bias), 0)
        for part in (op.query, op.key, op.value)
    )
    found = np.zeros_like(rows)
    for head in np.split(np.arange(rows.shape[1]), 4):
        for t in range(words):
            scores = [query[t, head] @ key[s, head] / len(head) ** 0.5 for s in range(words)]
            shares = _softmax(np.array(scores))
            found[t, head] = sum(shares[s] * value[s, head] for s in range(words))
    return found


def _normed(norm: Any, rows: Rows) -> Rows:
    spread = np.sqrt(_array(norm.running_var) + 1e-5)
    normed = (rows - _array(norm.running_mean)) / spread
    return normed * _array(norm.weight) + _array(norm.bias)


def _masked(rows: Rows, words: int) -> Rows:
    return np.where(np.arange(len(rows))[:, None] < words, rows, 0.0)


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(values - values.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))


def _array(weights: Any) -> NDArray[np.float64]:
    array: NDArray[np.float64] = weights.detach().numpy()
    return array
