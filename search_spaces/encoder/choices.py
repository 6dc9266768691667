"""Encoders as a flat dictionary of categorical choices, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from search_spaces.encoder.architecture import (
    FEED_FORWARD,
    FEED_FORWARDS,
    HEADS,
    HIDDEN_SIZES,
    LAYERS,
    OPERATIONS,
    EncoderArchitecture,
    EncoderError,
    EncoderLayer,
)
from search_spaces.values import read_choice

Value: TypeAlias = int | str
Sample: TypeAlias = dict[str, Value]

_OF_LAYER: Mapping[str, tuple[Value, ...]] = {
    "operation": tuple(OPERATIONS),
    "heads": HEADS,
    "feed_forward": FEED_FORWARD,
    "feed_forwards": FEED_FORWARDS,
}


@dataclass(frozen=True)
class EncoderChoices:
    """All encoders: `hidden_size`, `layers`, and of layer i, counted from 0, `operation_i` (with
    its parameter, as in SA-SDP), `heads_i`, `feed_forward_i` and `feed_forwards_i`.

    Choices of layers beyond `layers` are ignored.
    """

    @property
    def categoricals(self) -> dict[str, list[Value]]:
        """Label -> values, in the order of the layers."""
        values: dict[str, list[Value]] = {"hidden_size": [*HIDDEN_SIZES], "layers": [*LAYERS]}
        for number in range(max(LAYERS)):
            values |= {f"{name}_{number}": list(of) for name, of in _OF_LAYER.items()}
        return values

    def to_sample(self, encoder: EncoderArchitecture) -> Sample:
        """Return the sample of an encoder. Choices of layers that it does not have take their first
        value."""
        sample: Sample = {label: values[0] for label, values in self.categoricals.items()}
        sample |= {"hidden_size": encoder.hidden_size, "layers": len(encoder.layers)}
        for number, layer in enumerate(encoder.layers):
            values: tuple[Value, ...] = (layer.name, *layer[2:])
            for name, value in zip(_OF_LAYER, values, strict=True):
                sample[f"{name}_{number}"] = value
        return sample

    def from_sample(self, sample: Mapping[str, Value]) -> EncoderArchitecture:
        """Return the encoder of a sample; other labels are ignored. Raises EncoderError."""
        hidden_size = read_choice(sample, "hidden_size", HIDDEN_SIZES, EncoderError)
        count = read_choice(sample, "layers", LAYERS, EncoderError)
        layers = []
        for number in range(int(count)):
            name, *rest = (
                read_choice(sample, f"{name}_{number}", of, EncoderError)
                for name, of in _OF_LAYER.items()
            )
            layers.append(EncoderLayer(*OPERATIONS[str(name)], *map(int, rest)))
        return EncoderArchitecture(int(hidden_size), tuple(layers))

    def is_active(self, label: str, sample: Mapping[str, Value]) -> bool:
        """Return whether an encoder needs a choice: those of its layers, and of all encoders."""
        name, _, number = label.rpartition("_")
        return name not in _OF_LAYER or int(number) < int(sample["layers"])

    def parents(self, label: str) -> tuple[str, ...]:
        """Return the choices that decide whether an encoder needs a choice."""
        return ("layers",) if label.rpartition("_")[0] in _OF_LAYER else ()
