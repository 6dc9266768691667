"""The network in numpy, sentence by sentence and frame by frame, from the formulas.

Weights are read from a network by name; frames are those of the sentence alone, without padding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.asr_cell import AsrCell

Array = NDArray[np.float64]
Weights = dict[str, Array]
CONVOLUTIONS = {"linear": (1, 1), "conv5": (5, 1), "conv5d2": (5, 2), "conv7": (7, 1),
                "conv7d2": (7, 2)}  # fmt: skip
AHEAD = {("linear", 1): 0, ("block", 1): 4, ("block", 2): 2}
"""Frames that a convolution reads after its own; four for all others."""


def weights_of(module: Any) -> Weights:
    return {name: value.detach().double().numpy() for name, value in module.state_dict().items()}


def within(weights: Weights, prefix: str) -> Weights:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def convolution(x: Array, w: Weights, kind: str, stride: int = 1) -> Array:
    """(frames, channels) to (frames / stride, channels); clipped ReLU."""
    kernel, dilation = CONVOLUTIONS.get(kind, (8, 1))
    ahead = AHEAD.get((kind, stride), 4)
    weight, bias = w["convolution.weight"], w["convolution.bias"]  # (out, in per group, kernel)
    outputs, per_group, _ = weight.shape
    groups = x.shape[1] // per_group
    rows = []
    for frame in range(0, len(x), stride):
        row = bias.copy()
        for tap in range(kernel):
            at = frame + ahead - (kernel - 1 - tap) * dilation
            if 0 <= at < len(x):
                for out in range(outputs):
                    group = out // (outputs // groups)
                    read = x[at, group * per_group : (group + 1) * per_group]
                    row[out] += weight[out, :, tap] @ read
        rows.append(np.clip(row, 0, 20))
    return np.array(rows)


def norm(x: Array, w: Weights) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3)
    normed: Array = scaled * w["norm.weight"] + w["norm.bias"]
    return normed


def cell_output(x: Array, w: Weights, cell: AsrCell) -> Array:
    outputs = [x]
    for number, node in enumerate(cell.nodes, start=1):
        output = np.zeros_like(x)
        if node.op != "zero":
            output += convolution(outputs[-1], within(w, f"ops.{number}."), node.op)
        for skip in node.skips:
            output = output + outputs[skip]
        outputs.append(output)
    return norm(outputs[-1], w)


def lstm(x: Array, w: Weights) -> Array:
    def sigmoid(v: Array) -> Array:
        squashed: Array = 1 / (1 + np.exp(-v))
        return squashed

    size = w["lstm.weight_hh_l0"].shape[1]
    state, memory = np.zeros(size), np.zeros(size)
    states = []
    for frame in x:
        gates = w["lstm.weight_ih_l0"] @ frame + w["lstm.weight_hh_l0"] @ state
        i, f, g, o = np.split(gates + w["lstm.bias_ih_l0"], 4)
        memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(g)
        state = sigmoid(o) * np.tanh(memory)
        states.append(state)
    return np.array(states)


def logits(features: Array, w: Weights, cell: AsrCell) -> Array:
    """Of one sentence (frames, features)."""
    x = features
    for number, (cells, stride) in enumerate(((3, 1), (4, 1), (5, 2), (6, 2))):
        block = within(w, f"blocks.{number}.")
        x = norm(convolution(x, within(block, "convolution."), "block", stride), block)
        for place in range(cells):
            x = cell_output(x, within(block, f"cells.{place}."), cell)
    return lstm(x, w) @ w["output.weight"].T + w["output.bias"]
