"""Sample, mutate and list neighbours. Every move gives an encoder of the space.

An edit gives one layer another operation (with its parameter), number of heads, feed-forward width
or number of feed-forwards; or the encoder the other hidden size; or it makes it longer or shorter:
two layers go from the end of four, and any two come to the end of two. So edits can be undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

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

_SHORT, _LONG = LAYERS
_CHOICES: tuple[list[dict[str, Any]], ...] = (
    [{"operation": name, "parameter": parameter} for name, parameter in OPERATIONS.values()],
    [{"heads": heads} for heads in HEADS],
    [{"feed_forward": width} for width in FEED_FORWARD],
    [{"feed_forwards": count} for count in FEED_FORWARDS],
)
"""The choices of a layer, each with its values."""
ALL_LAYERS = tuple(
    EncoderLayer(**operation, **heads, **width, **count)
    for operation, heads, width, count in product(*_CHOICES)
)


def sample(rng: np.random.Generator) -> EncoderArchitecture:
    """Hidden size, number of layers and all that a layer chooses, drawn evenly."""
    hidden_size, layers = _one_of(HIDDEN_SIZES, rng), _one_of(LAYERS, rng)
    return EncoderArchitecture(hidden_size, _draw_layers(layers, rng))


def mutate(encoder: EncoderArchitecture, rng: np.random.Generator) -> EncoderArchitecture:
    """Return one of the neighbours: what changes is drawn evenly, then its new value."""
    layers = encoder.layers
    place, choice = divmod(int(rng.integers(len(layers) * len(_CHOICES) + 2)), len(_CHOICES))
    if place < len(layers):
        return _with_layer(encoder, place, _one_of(_others(layers[place], choice), rng))
    if choice == 0:
        return _with_other_hidden_size(encoder)
    if len(layers) == _LONG:
        return replace(encoder, layers=layers[:_SHORT])
    return replace(encoder, layers=layers + _draw_layers(_LONG - _SHORT, rng))


def neighbours(encoder: EncoderArchitecture) -> list[EncoderArchitecture]:
    """Return all encoders one edit away, in a fixed order: no duplicates, never itself.

    Of four layers 34, of two layers 2,321.
    """
    return list(_edits(encoder))


def _edits(encoder: EncoderArchitecture) -> Iterator[EncoderArchitecture]:
    yield _with_other_hidden_size(encoder)
    for place, layer in enumerate(encoder.layers):
        for choice in range(len(_CHOICES)):
            for other in _others(layer, choice):
                yield _with_layer(encoder, place, other)
    if len(encoder.layers) == _LONG:
        yield replace(encoder, layers=encoder.layers[:_SHORT])
    else:
        for more in product(ALL_LAYERS, repeat=_LONG - _SHORT):
            yield replace(encoder, layers=encoder.layers + more)


def _others(layer: EncoderLayer, choice: int) -> list[EncoderLayer]:
    """Return the layers that differ in one of the choices."""
    changed = (layer._replace(**values) for values in _CHOICES[choice])
    return [other for other in changed if other != layer]


def _with_layer(
    encoder: EncoderArchitecture, place: int, layer: EncoderLayer
) -> EncoderArchitecture:
    layers = (*encoder.layers[:place], layer, *encoder.layers[place + 1 :])
    return replace(encoder, layers=layers)


def _with_other_hidden_size(encoder: EncoderArchitecture) -> EncoderArchitecture:
    return replace(encoder, hidden_size=sum(HIDDEN_SIZES) - encoder.hidden_size)


def _draw_layers(count: int, rng: np.random.Generator) -> tuple[EncoderLayer, ...]:
    """Return random layers. Every choice is uniform: each value is in as many of all layers."""
    return tuple(_one_of(ALL_LAYERS, rng) for _ in range(count))


def _one_of(values: Sequence[Any], rng: np.random.Generator) -> Any:
    return values[int(rng.integers(len(values)))]
