"""An encoder in numpy, sentence by sentence and head by head, from the formulas of the papers.

Weights are read from a network by name; a sentence is its words alone, without padding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from search_spaces.encoder import EncoderArchitecture, EncoderLayer

Array = NDArray[np.float64]
Weights = dict[str, Array]


def weights_of(module: Any) -> Weights:
    return {name: value.detach().double().numpy() for name, value in module.state_dict().items()}


def within(weights: Weights, prefix: str) -> Weights:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def linear(x: Array, weights: Weights, name: str) -> Array:
    return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", np.zeros(1))


def norm(x: Array, weights: Weights, name: str) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    normed: Array = scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return normed


def softmax(x: Array) -> Array:
    raised = np.exp(x - x.max(-1, keepdims=True))
    shares: Array = raised / raised.sum(-1, keepdims=True)
    return shares


def heads(x: Array, count: int) -> list[Array]:
    return np.split(x, count, axis=1)


def probabilities(x: Array, w: Weights, layer: EncoderLayer) -> list[Array]:
    """Of each head that attends, of one sentence (length, hidden size)."""
    query, key = linear(x, w, "query"), linear(x, w, "key")
    if layer.parameter == "WMA":
        query = query @ w["weight.weight"].T
    count = layer.heads // 2 if layer.operation == "DSC" else layer.heads
    pairs = zip(heads(query, count), heads(key, count), strict=True)
    return [softmax(q @ k.T / np.sqrt(q.shape[1])) for q, k in pairs]


def attention(x: Array, w: Weights, layer: EncoderLayer) -> Array:
    shares = probabilities(x, w, layer)
    values = heads(linear(x, w, "value"), len(shares))
    return np.hstack([share @ value for share, value in zip(shares, values, strict=True)])


def dynamic_convolution(x: Array, w: Weights, layer: EncoderLayer) -> Array:
    """Place by place; beyond the sentence all is 0."""
    kernel, count = int(layer.parameter), layer.heads // 2
    reach = kernel // 2
    query, values = linear(x, w, "query"), linear(x, w, "convolved_value")
    depthwise = w["key_convolution.depthwise.weight"][:, 0]
    pointwise = w["key_convolution.pointwise.weight"][:, :, 0]
    out = np.zeros_like(values)
    for place in range(len(x)):
        near = [(j, place + j - reach) for j in range(kernel) if 0 <= place + j - reach < len(x)]
        span = sum(depthwise[:, j] * x[other] for j, other in near)
        key = pointwise @ span + w["key_convolution.pointwise.bias"]
        logits = linear(key * query[place], w, "kernels").reshape(count, kernel)
        width = values.shape[1] // count
        for head, shares in enumerate(map(softmax, logits)):
            own = slice(head * width, (head + 1) * width)
            out[place, own] = sum(shares[j] * values[other, own] for j, other in near)
    return out


def cosine_matrix(n: int) -> Array:
    places = np.arange(n)
    matrix: Array = 2 * np.cos(np.pi * np.outer(places, 2 * places + 1) / (2 * n))
    return matrix


def transform(x: Array, w: Weights, layer: EncoderLayer) -> Array:
    parts = heads(linear(x, w, "input"), layer.heads)
    if layer.parameter == "DFT":
        return np.hstack([np.fft.fft2(part).real for part in parts])
    return np.hstack([cosine_matrix(len(p)) @ p @ cosine_matrix(p.shape[1]).T for p in parts])


def operation(x: Array, w: Weights, layer: EncoderLayer) -> Array:
    if layer.operation == "LT":
        return transform(x, w, layer)
    if layer.operation == "DSC":
        return np.hstack([attention(x, w, layer), dynamic_convolution(x, w, layer)])
    return attention(x, w, layer)


def layer_output(x: Array, w: Weights, layer: EncoderLayer) -> Array:
    mixed = operation(x, within(w, "mixing.operation."), layer)
    if layer.operation != "LT":
        residual = linear(mixed, w, "mixing.output.dense") + x
        mixed = norm(residual, w, "mixing.output.norm")
    inner = mixed
    for number in range(layer.feed_forwards):
        inner = linear(inner, w, f"feed_forward.hidden.{number}")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
    residual = linear(inner, w, "feed_forward.output.dense") + mixed
    return norm(residual, w, "feed_forward.output.norm")


def outputs(x: Array, w: Weights, encoder: EncoderArchitecture) -> list[Array]:
    """Of each layer, for what the first one reads."""
    found = []
    for number, layer in enumerate(encoder.layers):
        x = layer_output(x, within(w, f"layers.{number}."), layer)
        found.append(x)
    return found


def embedded(tokens: list[int], w: Weights) -> Array:
    """Of one text of the first type, before the first layer."""
    word, kind = (w[f"embeddings.{each}_embeddings.weight"] for each in ("word", "type"))
    positions = w["embeddings.positions.position_embeddings.weight"]
    values = word[tokens] + kind[0] + positions[: len(tokens)]
    values = norm(values, w, "embeddings.positions.norm")
    if "embeddings.projection.weight" in w:
        return linear(values, w, "embeddings.projection")
    return values


def logits(vectors: Array, w: Weights, encoder: EncoderArchitecture) -> Array:
    """Of the word vectors of one sentence."""
    stem = linear(vectors, w, "stem.dense")
    stem = stem + w["stem.positions.position_embeddings.weight"][: len(vectors)]
    last = outputs(norm(stem, w, "stem.positions.norm"), w, encoder)[-1]
    return linear(last.mean(0), w, "head.linear")
