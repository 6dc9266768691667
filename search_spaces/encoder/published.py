"""The 500 encoders of NAS-Bench-BERT, drawn again as its authors drew them.

Source: Serianni and Kalita, Training-free Neural Architecture Search for RNNs and Transformers
(ACL 2023), and github.com/aaronserianni/training-free-nas.
"""

from __future__ import annotations

from functools import cache
from random import Random

from search_spaces.encoder.architecture import (
    FEED_FORWARD,
    FEED_FORWARDS,
    HEADS,
    HIDDEN_SIZES,
    LAYERS,
    PARAMETERS,
    EncoderArchitecture,
    EncoderLayer,
)

NAMES = tuple(str(number) for number in range(500))
"""The ids of the release."""
_SEED = 0
_SCORED_HIDDEN_SIZE, _SCORED_WIDTH = 256, 1024


def published_encoder(name: str) -> EncoderArchitecture:
    """Return the encoder of a published name."""
    return _encoders()[name]


@cache
def _encoders() -> dict[str, EncoderArchitecture]:
    rng = Random(_SEED)
    return {name: _draw(rng) for name in NAMES}


def _draw(rng: Random) -> EncoderArchitecture:
    """Return a random encoder, drawn in the order of the release."""
    hidden_size, layers = rng.choice(HIDDEN_SIZES), rng.choice(LAYERS)
    return EncoderArchitecture(hidden_size, tuple(_draw_layer(rng) for _ in range(layers)))


def _draw_layer(rng: Random) -> EncoderLayer:
    operation = rng.choice(tuple(PARAMETERS))
    parameter = rng.choice(PARAMETERS[operation])
    return EncoderLayer(
        operation,
        parameter,
        heads=rng.choice(HEADS),
        feed_forward=rng.choice(FEED_FORWARD),
        feed_forwards=rng.choice(FEED_FORWARDS),
    )


def as_scored(encoder: EncoderArchitecture) -> EncoderArchitecture:
    """Return the encoder that the published scores of an encoder belong to.

    The release made all networks that it scored of a hidden size of 256 and feed-forward networks
    1,024 wide, whatever the encoder says.
    """
    layers = tuple(layer._replace(feed_forward=_SCORED_WIDTH) for layer in encoder.layers)
    return EncoderArchitecture(_SCORED_HIDDEN_SIZE, layers)
