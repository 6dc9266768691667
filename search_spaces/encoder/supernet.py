"""All encoders as one network, for NNI's one-shot strategies that sample.

Encoders of one hidden size share stem and head. Layers at one position share the mixing operation
if operation and heads are equal, and the feed-forward network if its width and depth are.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.encoder.architecture import (
    HIDDEN_SIZES,
    LAYERS,
    EncoderArchitecture,
    EncoderLayer,
)
from search_spaces.encoder.classifier import ClassifierSizes, Head, LayeredClassifier, Stem
from search_spaces.encoder.layers import FeedForward, Layer, Mixing, initialise
from search_spaces.encoder.moves import ALL_LAYERS
from search_spaces.encoder.mutables import Encoders
from search_spaces.nni_sampling import SampledChoices


class SharedLayer(nn.Module):
    """The parts of all layers at one position."""

    def __init__(self, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.mixing, self.feed_forward = nn.ModuleDict(), nn.ModuleDict()
        for layer in ALL_LAYERS:
            if _mixing(layer) not in self.mixing:
                self.mixing[_mixing(layer)] = Mixing(layer, hidden_size, dropout)
            if _feed_forward(layer) not in self.feed_forward:
                self.feed_forward[_feed_forward(layer)] = FeedForward(layer, hidden_size, dropout)

    def parts(self, layer: EncoderLayer) -> tuple[nn.Module, nn.Module]:
        """Return the mixing operation of a layer, and its feed-forward network."""
        return self.mixing[_mixing(layer)], self.feed_forward[_feed_forward(layer)]


class SharedNetwork(nn.Module):
    """All encoders of one hidden size."""

    def __init__(self, hidden_size: int, sizes: ClassifierSizes) -> None:
        super().__init__()
        self.stem = Stem(hidden_size, sizes)
        self.layers = nn.ModuleList(
            SharedLayer(hidden_size, sizes.dropout) for _ in range(max(LAYERS))
        )
        self.head = Head(hidden_size, sizes)


class SampledEncoders(SampledChoices, Encoders):
    """One sampled encoder at a time: for ENAS and RandomOneShot."""

    replaces = Encoders

    def __init__(self, sizes: ClassifierSizes) -> None:
        super().__init__(sizes)
        self.networks = nn.ModuleDict({str(h): SharedNetwork(h, sizes) for h in HIDDEN_SIZES})
        initialise(self)

    def network(self, encoder: EncoderArchitecture) -> LayeredClassifier:
        """Return the classifier of an encoder, with the shared weights themselves."""
        shared: Any = self.networks[str(encoder.hidden_size)]
        layers = zip(shared.layers, encoder.layers, strict=False)
        parts = nn.ModuleList(Layer(*each.parts(layer)) for each, layer in layers)
        return LayeredClassifier(shared.stem, parts, shared.head)


def supernet_class(strategy: Any) -> type[SampledEncoders]:
    """Return the class that replaces `Encoders` for a one-shot strategy. Raises UserError."""
    from nni.nas.strategy import ENAS, RandomOneShot

    if not isinstance(strategy, ENAS | RandomOneShot):
        raise UserError(
            f"{type(strategy).__name__} does not search the space encoder, whose networks differ "
            "in width and length: take ENAS or RandomOneShot"
        )
    return SampledEncoders


def _mixing(layer: EncoderLayer) -> str:
    return f"{layer.name} {layer.heads}"


def _feed_forward(layer: EncoderLayer) -> str:
    return f"{layer.feed_forwards}x{layer.feed_forward}"
