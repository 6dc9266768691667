"""Number of parameters of the network of an encoder."""

from __future__ import annotations

from search_spaces.encoder.architecture import EncoderArchitecture, EncoderError, EncoderLayer
from search_spaces.values import check_widths

SIZES = {"vocabulary": 30_522, "positions": 512, "embedding_size": 128}
"""Numbers of words and positions, and the width of their embeddings: BERT's and the release's."""
TYPES = 2
"""Number of token types: those of a first sentence and of a second."""


def num_parameters(
    encoder: EncoderArchitecture,
    vocabulary: int = SIZES["vocabulary"],
    positions: int = SIZES["positions"],
    embedding_size: int = SIZES["embedding_size"],
) -> int:
    """Return the sum over embeddings and layers. Raises EncoderError for an impossible size."""
    check_widths(
        EncoderError, vocabulary=vocabulary, positions=positions, embedding_size=embedding_size
    )
    hidden = encoder.hidden_size
    embeddings = (vocabulary + positions + TYPES) * embedding_size + _norm(embedding_size)
    projection = _linear(embedding_size, hidden) if embedding_size != hidden else 0
    layers = sum(layer_parameters(layer, hidden) for layer in encoder.layers)
    return embeddings + projection + layers


def layer_parameters(layer: EncoderLayer, hidden_size: int) -> int:
    """Return the number of parameters of one layer."""
    return _mixing(layer, hidden_size) + _feed_forward(layer, hidden_size)


def _mixing(layer: EncoderLayer, hidden: int) -> int:
    if layer.operation == "LT":
        return _linear(hidden, hidden)
    output = _linear(hidden, hidden) + _norm(hidden)
    if layer.operation == "SA":
        weight = hidden * hidden if layer.parameter == "WMA" else 0
        return 3 * _linear(hidden, hidden) + weight + output
    half, kernel = hidden // 2, int(layer.parameter)
    separable = hidden * kernel + _linear(hidden, half)
    kernels = _linear(half, layer.heads // 2 * kernel)
    return 4 * _linear(hidden, half) + separable + kernels + output


def _feed_forward(layer: EncoderLayer, hidden: int) -> int:
    width = layer.feed_forward
    inner = (layer.feed_forwards - 1) * _linear(width, width)
    return _linear(hidden, width) + inner + _linear(width, hidden) + _norm(hidden)


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _norm(width: int) -> int:
    return 2 * width
