"""Neural Spectral Capacity (NSC, arXiv 2609.23087) of encoders, from their sizes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nni_nlp_bench.zero_cost.spectral_capacity import Shape, total_capacity, xavier
from search_spaces.encoder.architecture import EncoderArchitecture, EncoderLayer

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics

Matrices = Callable[[EncoderLayer, int], Iterator[Shape]]
"""Gives the shapes of the matrices of a layer and a hidden size."""


def attention_matrices(layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
    """Matrices of a layer as if it attended: of each head those of query, key and value, then the
    output projection and the feed-forward networks of `release_matrices`."""
    yield from 3 * layer.heads * [(hidden_size // layer.heads, hidden_size)]
    yield hidden_size, hidden_size
    yield from _narrow_feed_forwards(layer, hidden_size)


def release_matrices(layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
    """Matrices that the release of NSC counts: query, key and value as one, two of a linear
    transform, one of a convolution."""
    square = (hidden_size, hidden_size)
    yield from {
        "SA": [(3 * hidden_size, hidden_size), square],
        "LT": [square, square],
        "DSC": [square],
    }[layer.operation]
    yield from _narrow_feed_forwards(layer, hidden_size)


def network_matrices(layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
    """Matrices of the layer's network; those that produce heads are split into heads.

    The depthwise convolution, which is no matrix, is left out.
    """
    square, head = (hidden_size, hidden_size), (hidden_size // layer.heads, hidden_size)
    if layer.operation == "LT":
        yield square
    elif layer.operation == "SA":
        yield from 3 * layer.heads * [head]
        yield from (2 if layer.parameter == "WMA" else 1) * [square]
    else:
        half = layer.heads // 2
        yield from 4 * half * [head]
        yield hidden_size // 2, hidden_size
        yield half * int(layer.parameter), hidden_size // 2
        yield square
    width = layer.feed_forward
    yield width, hidden_size
    yield from (layer.feed_forwards - 1) * [(width, width)]
    yield hidden_size, width


def _narrow_feed_forwards(layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
    """So many feed-forward networks side by side that share the width, as the release of NSC."""
    width = layer.feed_forward // layer.feed_forwards
    yield from layer.feed_forwards * [(width, hidden_size), (hidden_size, width)]


@dataclass(frozen=True, slots=True)
class EncoderSpectralCapacity:
    """Neural Spectral Capacity: expected log-determinants of the initial weight matrices.

    The sum over the matrices of all layers with Xavier's variance, in nats; embeddings, biases and
    norms do not count.
    """

    matrices: Matrices
    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: EncoderStatistics) -> float:
        """Return the score of the encoder; no network is built."""
        return self.of_architecture(statistics.encoder)

    def of_architecture(self, encoder: EncoderArchitecture) -> float:
        """Return the score of an encoder."""
        return total_capacity(
            (s for layer in encoder.layers for s in self.matrices(layer, encoder.hidden_size)),
            xavier,
        )


NSC = EncoderSpectralCapacity(attention_matrices)
NSC_PUBLISHED = EncoderSpectralCapacity(release_matrices)
NSC_EXACT = EncoderSpectralCapacity(network_matrices)
