"""An architecture of TextNAS as an immutable value: layers, each with an input, an op and skips."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.textnas.canonical import Edges, canonical_layers, key_of
from search_spaces.values import BaseArchitecture, read_json

OPS = ("conv1", "conv3", "conv5", "conv7", "avg_pool3", "max_pool3", "gru", "attention")
"""Operations in the order of the release's numbers."""
WINDOW = 5
"""Number of layers back that an input may be in the paper."""
LAYERS = 24
"""Number of layers in the paper."""
MAX_LAYERS = 100
MAX_JSON_CHARACTERS = 200_000
_FORM = '{"layers": [{"distance": 0, "op": "conv3", "skips": []}, ...]}'
_SHOWN_CHARACTERS = 40


class ArcError(ArchitectureError):
    """An architecture breaks a rule of the space; the message names the layer and the rule."""


class Layer(NamedTuple):
    """One layer: the output of its op on its input, plus its skips."""

    distance: int
    """Distance of the input: 0 is the layer before. The first layer reads the stem."""
    op: str
    skips: tuple[int, ...] = ()
    """Numbers of the earlier layers whose outputs are added, counted from 0, in ascending order."""


@dataclass(frozen=True, eq=False)
class Arc(BaseArchitecture):
    """Layers one after another, counted from 0; all their outputs go to the head.

    As in the release, a distance up to 4 that reaches beyond the first layer stands for the layer
    before. Two are equal when they are the same network, whatever the order of their layers.
    Raises ArcError.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise ArcError(f"an architecture has 1 to {MAX_LAYERS} layers, got {len(self.layers)}")
        for number, layer in enumerate(self.layers):
            _check(number, layer)

    @classmethod
    def from_json(cls, text: str) -> Arc:
        """Read `{"layers": [{"distance": ..., "op": ..., "skips": [...]}]}`. Raises ArcError."""
        value = load_json(text)
        layers = value["layers"] if set(value) == {"layers"} else None
        if not isinstance(layers, list):
            raise ArcError(f"an architecture must look like {_FORM}")
        return cls(tuple(_read_layer(number, layer) for number, layer in enumerate(layers)))

    def to_json(self) -> str:
        """Text that `from_json` reads back, layers in their own order."""
        return json.dumps({"layers": [layer._asdict() for layer in self.layers]})

    def source(self, number: int) -> int | None:
        """Return the layer that a layer reads; None stands for the stem."""
        if number == 0:
            return None
        distance = self.layers[number].distance
        return number - 1 - distance if distance < number else number - 1

    @cached_property
    def canonical(self) -> Arc:
        """The same network with its layers in standard order, distances as they come out.

        These may be larger than the window of the space.
        """
        layers = []
        for number, (source, op, skips) in enumerate(self._canonical_layers):
            layers.append(Layer(0 if source is None else number - 1 - source, op, skips))
        return Arc(tuple(layers))

    @cached_property
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same network: see `canonical.py`."""
        return key_of(self._canonical_layers)

    @cached_property
    def _canonical_layers(self) -> list[Edges]:
        return canonical_layers(self.edges)

    @property
    def edges(self) -> list[Edges]:
        """For every layer the layer that it reads, its op and its skips."""
        return [(self.source(i), layer.op, layer.skips) for i, layer in enumerate(self.layers)]


def load_json(text: str) -> dict[str, Any]:
    """Return the JSON object in a text. Raises ArcError for any other text."""
    return read_json(text, "an architecture", _FORM, ArcError, MAX_JSON_CHARACTERS)


def _check(number: int, layer: Layer) -> None:
    """Raise ArcError for a layer that breaks a rule."""
    if layer.op not in OPS:
        known = f"known: {', '.join(OPS)}"
        raise ArcError(f"layer {number}: unknown op {layer.op[:_SHOWN_CHARACTERS]!r}; {known}")
    got = f"got {str(layer.distance)[:_SHOWN_CHARACTERS]}"
    if number == 0 and layer.distance != 0:
        raise ArcError(f"layer 0: it reads the stem, its distance is 0, {got}")
    furthest = max(WINDOW, number) - 1
    if not 0 <= layer.distance <= furthest:
        raise ArcError(f"layer {number}: its distance must be 0 to {furthest}, {got}")
    if list(layer.skips) != sorted(set(layer.skips) & set(range(number))):
        got = f"got {str(list(layer.skips))[:_SHOWN_CHARACTERS]}"
        which = f"different numbers from 0 to {number - 1}, ascending" if number else "none"
        raise ArcError(f"layer {number}: its skips must be {which}, {got}")


def _read_layer(number: int, value: Any) -> Layer:
    """Return a layer of JSON with values of the right types; `_check` does the rest."""
    if not isinstance(value, dict) or set(value) != set(Layer._fields):
        raise ArcError(f"layer {number}: it must have distance, op and skips, as in {_FORM}")
    distance, op, skips = value["distance"], value["op"], value["skips"]
    if type(distance) is not int:
        raise ArcError(f"layer {number}: its distance must be a whole number")
    if not isinstance(op, str):
        raise ArcError(f"layer {number}: its op must be a word")
    if not isinstance(skips, list) or any(type(skip) is not int for skip in skips):
        raise ArcError(f"layer {number}: its skips must be a list of whole numbers")
    return Layer(distance, op, tuple(skips))
