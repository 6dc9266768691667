"""Mutate, and list neighbours. Every move gives a decoder of the same model and data set.

An edit gives the decoder another width, embedding or divisor, or one layer another number of heads
or inner width (a multiple of 64, or the narrowest one allowed); or it doubles a layer, or removes
one. Inner widths that are too narrow for a wider model become the narrowest one allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from search_spaces.lts.architecture import LtsArchitecture
from search_spaces.lts.rules import N_HEADS, STEP

Edit: TypeAlias = tuple[Any, ...]
"""Arguments of a function that applies it."""


def mutate(decoder: LtsArchitecture, rng: np.random.Generator) -> LtsArchitecture:
    """Return one of the neighbours: what changes is drawn evenly, then its new value."""
    kinds = {kind: edits for kind, list_edits in _EDITS.items() if (edits := list_edits(decoder))}
    kind = list(kinds)[int(rng.integers(len(kinds)))]
    edits = kinds[kind]
    return _APPLY[kind](decoder, *edits[int(rng.integers(len(edits)))])


def neighbours(decoder: LtsArchitecture) -> list[LtsArchitecture]:
    """Return all decoders one edit away, in a fixed order: no duplicates, never itself."""
    found = (
        _APPLY[kind](decoder, *edit)
        for kind, list_edits in _EDITS.items()
        for edit in list_edits(decoder)
    )
    return list(dict.fromkeys(found))


def _widths(decoder: LtsArchitecture) -> list[Edit]:
    return [(width,) for width in decoder.rules.d_models if width != decoder.d_model]


def _embeds(decoder: LtsArchitecture) -> list[Edit]:
    embeds = decoder.rules.embeds(decoder.d_model)
    return [(width,) for width in embeds if width != decoder.d_embed]


def _divisors(decoder: LtsArchitecture) -> list[Edit]:
    """A divisor may make no difference: see `LtsArchitecture.divisor`."""
    others = (replace(decoder, div_val=value) for value in decoder.rules.div_vals)
    return [(other.div_val,) for other in dict.fromkeys(others) if other != decoder]


def _depths(decoder: LtsArchitecture) -> list[Edit]:
    layers, depths = decoder.layers, decoder.rules.n_layers
    # Among equal layers side by side it does not matter which is doubled or removed.
    places = [i for i, layer in enumerate(layers) if i == 0 or layer != layers[i - 1]]
    counts = [count for count in (0, 2) if len(layers) + count - 1 in depths]
    return [(place, count) for count in counts for place in places]


def _heads(decoder: LtsArchitecture) -> list[Edit]:
    return [
        (place, n_head)
        for place, layer in enumerate(decoder.layers)
        for n_head in N_HEADS
        if n_head != layer.n_head
    ]


def _inner(decoder: LtsArchitecture) -> list[Edit]:
    low, high = decoder.rules.inner_range(decoder.d_model)
    widths = dict.fromkeys([low, *range(-(-low // STEP) * STEP, high + 1, STEP)])
    return [
        (place, width)
        for place, layer in enumerate(decoder.layers)
        for width in widths
        if width != layer.d_inner
    ]


def _with_width(decoder: LtsArchitecture, d_model: int) -> LtsArchitecture:
    low, _ = decoder.rules.inner_range(d_model)
    layers = (layer._replace(d_inner=max(low, layer.d_inner)) for layer in decoder.layers)
    d_embed = d_model if decoder.rules.d_embeds is None else decoder.d_embed
    return replace(decoder, d_model=d_model, d_embed=d_embed, layers=tuple(layers))


def _with_layers(decoder: LtsArchitecture, place: int, new: Iterable[Any]) -> LtsArchitecture:
    layers = (*decoder.layers[:place], *new, *decoder.layers[place + 1 :])
    return replace(decoder, layers=layers)


_EDITS: Mapping[str, Callable[[LtsArchitecture], list[Edit]]] = {
    "d_model": _widths,
    "d_embed": _embeds,
    "div_val": _divisors,
    "n_layer": _depths,
    "n_head": _heads,
    "d_inner": _inner,
}
"""What changes -> function that lists the edits of a decoder."""
_APPLY: Mapping[str, Callable[..., LtsArchitecture]] = {
    "d_model": _with_width,
    "d_embed": lambda decoder, d_embed: replace(decoder, d_embed=d_embed),
    "div_val": lambda decoder, div_val: replace(decoder, div_val=div_val),
    "n_layer": lambda decoder, i, count: _with_layers(decoder, i, [decoder.layers[i]] * count),
    "n_head": lambda decoder, i, n_head: _with_layers(
        decoder, i, [decoder.layers[i]._replace(n_head=n_head)]
    ),
    "d_inner": lambda decoder, i, d_inner: _with_layers(
        decoder, i, [decoder.layers[i]._replace(d_inner=d_inner)]
    ),
}
