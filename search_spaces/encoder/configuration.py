"""The form in which the release of NAS-Bench-BERT writes an encoder."""

from __future__ import annotations

import json

from search_spaces.encoder.architecture import (
    EncoderArchitecture,
    EncoderError,
    load_json,
    read_layer,
)

_NAMES = (
    "operation_type",
    "operation_parameter",
    "num_operation_heads",
    "feed_forward_dimension",
    "num_feed_forward",
)
"""The release's names of a layer's fields, in the order of `EncoderLayer`."""
_FORM = '{"hidden_size": 128, "nas_config": {"encoder_layers": [...]}}'


def from_configuration(text: str) -> EncoderArchitecture:
    """Read `{"hidden_size": ..., "nas_config": {"encoder_layers": [...]}}`. Raises EncoderError."""
    value = load_json(text)
    nas_config = value.get("nas_config")
    layers = nas_config.get("encoder_layers") if isinstance(nas_config, dict) else None
    if set(value) != {"hidden_size", "nas_config"} or not isinstance(layers, list):
        raise EncoderError(f"a configuration of the release must look like {_FORM}")
    read = tuple(read_layer(number, layer, _NAMES) for number, layer in enumerate(layers))
    return EncoderArchitecture(value["hidden_size"], read)


def to_configuration(encoder: EncoderArchitecture) -> str:
    """Return the JSON text of the release."""
    layers = [dict(zip(_NAMES, layer, strict=True)) for layer in encoder.layers]
    return json.dumps(
        {"hidden_size": encoder.hidden_size, "nas_config": {"encoder_layers": layers}}
    )
