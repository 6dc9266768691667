"""A transformer encoder as an immutable value: a hidden size, and layers that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.values import BaseArchitecture, digest, read_json

HIDDEN_SIZES = (128, 256)
LAYERS = (2, 4)
"""Allowed numbers of layers."""
PARAMETERS: Mapping[str, tuple[str | int, ...]] = {
    "SA": ("SDP", "WMA"),
    "LT": ("DFT", "DCT"),
    "DSC": (5, 9),
}
"""Operation -> its parameters. Self-attention: scaled dot product, or weighted multiplicative;
linear transform: discrete Fourier or cosine; dynamic span-based convolution: width of the kernel.
The order of all values is the release's."""
OPERATIONS: Mapping[str, tuple[str, str | int]] = {
    f"{operation}-{value}": (operation, value)
    for operation, values in PARAMETERS.items()
    for value in values
}
"""Name, such as SA-SDP -> an operation and its parameter."""
HEADS = (2, 4)
FEED_FORWARD = (512, 1024)
"""Widths of a feed-forward network."""
FEED_FORWARDS = (1, 3)
"""Allowed numbers of hidden layers of a feed-forward network."""
SPACE_SIZE = 10_621_440
"""All of them are different networks."""
_FORM = (
    '{"hidden_size": 128, "layers": [{"operation": "SA", "parameter": "SDP", "heads": 2, '
    '"feed_forward": 512, "feed_forwards": 1}, ...]}'
)
_SHOWN_CHARACTERS = 40


class EncoderError(ArchitectureError):
    """An encoder breaks a rule of the space; the message names the layer and the rule."""


class EncoderLayer(NamedTuple):
    """One layer: an operation that mixes words, then a feed-forward network for each word."""

    operation: str
    parameter: str | int
    """Parameter of the operation: see `PARAMETERS`."""
    heads: int
    """Equal slices of the hidden size, each of which the operation handles alone."""
    feed_forward: int
    """Width of every hidden layer of the feed-forward network."""
    feed_forwards: int
    """Number of hidden layers of the feed-forward network."""

    @property
    def name(self) -> str:
        """Name of the operation with its parameter: a key of `OPERATIONS`."""
        return f"{self.operation}-{self.parameter}"


@dataclass(frozen=True, eq=False)
class EncoderArchitecture(BaseArchitecture):
    """Layers one after another, counted from 0, all of one hidden size.

    No two of them are the same network: each value decides what is computed from the same weights,
    or which weights there are, and layers do not change places. Raises EncoderError.
    """

    hidden_size: int
    layers: tuple[EncoderLayer, ...]

    def __post_init__(self) -> None:
        _check_value("the hidden size", self.hidden_size, HIDDEN_SIZES)
        _check_value("the number of layers", len(self.layers), LAYERS)
        for number, layer in enumerate(self.layers):
            _check_layer(number, layer)

    @classmethod
    def from_json(cls, text: str) -> EncoderArchitecture:
        """Read `{"hidden_size": ..., "layers": [...]}`. Raises EncoderError."""
        value = load_json(text)
        if set(value) != {"hidden_size", "layers"} or not isinstance(value["layers"], list):
            raise EncoderError(f"an encoder must look like {_FORM}")
        layers = tuple(read_layer(i, layer) for i, layer in enumerate(value["layers"]))
        return cls(value["hidden_size"], layers)

    def to_json(self) -> str:
        """Text that `from_json` reads back."""
        layers = [layer._asdict() for layer in self.layers]
        return json.dumps({"hidden_size": self.hidden_size, "layers": layers})

    @cached_property
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same network."""
        return digest((self.hidden_size, *map(tuple, self.layers)))


def load_json(text: str) -> dict[str, Any]:
    """Return the JSON object in a text. Raises EncoderError for any other text."""
    return read_json(text, "an encoder", _FORM, EncoderError)


def read_layer(
    number: int, value: Any, names: Sequence[str] = EncoderLayer._fields
) -> EncoderLayer:
    """Return the layer of a JSON object that calls its fields by these names; `EncoderArchitecture`
    checks the values. Raises EncoderError."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise EncoderError(f"layer {number}: it must have {', '.join(names)}")
    return EncoderLayer(*(value[name] for name in names))


def _check_layer(number: int, layer: EncoderLayer) -> None:
    """Raise EncoderError for a layer that breaks a rule."""
    operation, parameter, heads, feed_forward, feed_forwards = layer
    _check_value(f"layer {number}: the operation", operation, tuple(PARAMETERS))
    _check_value(f"layer {number}: the parameter of {operation}", parameter, PARAMETERS[operation])
    _check_value(f"layer {number}: the number of heads", heads, HEADS)
    _check_value(f"layer {number}: the feed-forward width", feed_forward, FEED_FORWARD)
    _check_value(f"layer {number}: the number of feed-forwards", feed_forwards, FEED_FORWARDS)


def _check_value(what: str, value: Any, values: Sequence[str | int]) -> None:
    """A number that is equal but of another kind, such as 2.0, is not one of the values."""
    if not any(type(value) is type(of) and value == of for of in values):
        known = " or ".join(map(str, values))
        raise EncoderError(f"{what} must be {known}, got {repr(value)[:_SHOWN_CHARACTERS]}")
