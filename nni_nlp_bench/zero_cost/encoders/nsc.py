"""Neural Spectral Capacity (NSC, arXiv 2609.23087) of encoders, from their sizes alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, ClassVar

from nni_nlp_bench.zero_cost.layer_programming import GlobalChoice, LayerOption
from nni_nlp_bench.zero_cost.spectral_capacity import Shape, total_capacity, xavier
from search_spaces.encoder.architecture import (
    FEED_FORWARD,
    FEED_FORWARDS,
    HEADS,
    HIDDEN_SIZES,
    LAYERS,
    OPERATIONS,
    EncoderArchitecture,
    EncoderLayer,
)
from search_spaces.encoder.parameters import layer_parameters, num_parameters

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics


class EncoderCapacity(ABC):
    """Sum of the spectral capacities of the initial weight matrices of all layers, in nats.

    The variance is Xavier's; embeddings, biases and norms do not count. Subclasses differ in the
    matrices that they count.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: EncoderStatistics) -> float:
        """Return the score of the encoder; no network is built."""
        return self.of_architecture(statistics.encoder)

    def of_architecture(self, encoder: EncoderArchitecture) -> float:
        """Return the score of an encoder."""
        hidden_size = encoder.hidden_size
        return total_capacity(
            (shape for layer in encoder.layers for shape in self.matrices(layer, hidden_size)),
            xavier,
        )

    @abstractmethod
    def matrices(self, layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
        """Return the shapes of the matrices of a layer."""


class AttentionCapacity(EncoderCapacity):
    """Neural Spectral Capacity of an encoder, as if every layer attended: the default.

    Per layer query, key and value of each head, the output projection, and the feed-forward
    networks as the release of NSC counts them.
    """

    def matrices(self, layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
        """Return the shapes of the matrices of a layer."""
        yield from 3 * layer.heads * [(hidden_size // layer.heads, hidden_size)]
        yield hidden_size, hidden_size
        yield from _narrow_feed_forwards(layer, hidden_size)


class PublishedCapacity(EncoderCapacity):
    """Neural Spectral Capacity of the matrices that its release counts.

    Query, key and value are one matrix; a linear transform has two, and a convolution has one.
    """

    def matrices(self, layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
        """Return the shapes of the matrices of a layer."""
        square = (hidden_size, hidden_size)
        yield from {
            "SA": [(3 * hidden_size, hidden_size), square],
            "LT": [square, square],
            "DSC": [square],
        }[layer.operation]
        yield from _narrow_feed_forwards(layer, hidden_size)


class NetworkCapacity(EncoderCapacity):
    """Neural Spectral Capacity of exactly the matrices of the encoder's network.

    Those that produce heads are split into heads. The depthwise convolution is no matrix and is
    left out.
    """

    def matrices(self, layer: EncoderLayer, hidden_size: int) -> Iterator[Shape]:
        """Return the shapes of the matrices of a layer."""
        square, head = (hidden_size, hidden_size), (hidden_size // layer.heads, hidden_size)
        if layer.operation == "LT":
            yield square
        elif layer.operation == "SA":
            yield from 3 * layer.heads * [head]
            yield from (2 if layer.parameter == "WMA" else 1) * [square]
        else:
            # Half the heads attend: query, key, value and the value that is convolved, the
            # pointwise convolution, the generator of the kernels, and the output projection.
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
    """Feed-forward networks side by side that share the width, as in the release of NSC."""
    width = layer.feed_forward // layer.feed_forwards
    yield from layer.feed_forwards * [(width, hidden_size), (hidden_size, width)]


NSC = AttentionCapacity()
NSC_PUBLISHED = PublishedCapacity()
NSC_EXACT = NetworkCapacity()


def global_choices() -> Iterator[GlobalChoice]:
    """Give each hidden size and number of layers, with the forms of a layer, for NSC-DP.

    The capacity is that of the network's own matrices, as its parameters are.
    """
    forms = [
        EncoderLayer(*OPERATIONS[name], heads, width, count)
        for name, heads, width, count in product(OPERATIONS, HEADS, FEED_FORWARD, FEED_FORWARDS)
    ]
    for hidden_size, count in product(HIDDEN_SIZES, LAYERS):
        options = [
            LayerOption(
                layer,
                layer_parameters(layer, hidden_size),
                total_capacity(NSC_EXACT.matrices(layer, hidden_size), xavier),
            )
            for layer in forms
        ]
        some = EncoderArchitecture(hidden_size, count * (forms[0],))
        yield GlobalChoice(
            count,
            num_parameters(some) - count * layer_parameters(forms[0], hidden_size),
            options,
            partial(_build, hidden_size),
        )


def _build(hidden_size: int, layers: Sequence[EncoderLayer]) -> EncoderArchitecture:
    return EncoderArchitecture(hidden_size, tuple(layers))
