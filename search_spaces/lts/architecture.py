"""A transformer decoder as an immutable value: widths, an embedding, and layers that differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.lts.rules import N_HEADS, RULES, Rules, Setting
from search_spaces.values import BaseArchitecture, digest, read_json

_FORM = (
    '{"model": "gpt2", "dataset": "wt103", "d_model": 128, "d_embed": 256, "div_val": 4, '
    '"layers": [{"n_head": 2, "d_inner": 1071}, ...]}'
)
_SHOWN_CHARACTERS = 40


class LtsError(ArchitectureError):
    """A decoder breaks a rule of the space; the message names the value and the rule."""


class DecoderLayer(NamedTuple):
    """One layer: masked self-attention, then a feed-forward network for each token."""

    n_head: int
    """Number of attention heads, each `d_model / n_head` wide."""
    d_inner: int
    """Width of the hidden layer of the feed-forward network."""


@dataclass(frozen=True, eq=False)
class LtsArchitecture(BaseArchitecture):
    """A decoder for the vocabulary of a data set.

    Two of them are the same network if they differ in the divisor only, the vocabulary has one
    cluster, and both divisors are above 1.

    Raises:
        LtsError: A value is outside the published ranges (`rules.RULES`).
    """

    model: str
    """`gpt2` or `transformer_xl`."""
    dataset: str
    """`wt103` (WikiText-103), `lm1b` (One Billion Word), or for Transformer-XL `lm1b-pareto`."""
    d_model: int
    """Width of the layers."""
    d_embed: int
    """Width of the embedding of the most frequent tokens."""
    div_val: int
    """Each cluster of rarer tokens has an embedding narrower by this divisor; 1: all alike."""
    layers: tuple[DecoderLayer, ...]

    def __post_init__(self) -> None:
        rules = self.rules
        _check_value("d_model", self.d_model, rules.d_models)
        _check_value("d_embed", self.d_embed, rules.embeds(self.d_model))
        _check_value("div_val", self.div_val, rules.div_vals)
        _check_value("the number of layers", len(self.layers), rules.n_layers)
        for number, (n_head, d_inner) in enumerate(self.layers):
            _check_value(f"layer {number}: n_head", n_head, N_HEADS)
            _check_range(f"layer {number}: d_inner", d_inner, rules.inner_range(self.d_model))

    @property
    def rules(self) -> Rules:
        """The allowed values for its model and data set. Raises LtsError for unknown ones."""
        rules = RULES.get((str(self.model), str(self.dataset)))
        if rules is None:
            known = ", ".join(" on ".join(names) for names in RULES)
            got = f"{self.model} on {self.dataset}"[:_SHOWN_CHARACTERS]
            raise LtsError(f"model and dataset must be one of {known}; got {got!r}")
        return rules

    @property
    def setting(self) -> Setting:
        """The vocabulary of its data set."""
        return self.rules.setting

    @classmethod
    def from_json(cls, text: str) -> LtsArchitecture:
        """Read `{"model": ..., "dataset": ..., "d_model": ..., ...}`. Raises LtsError."""
        value = read_json(text, "a decoder", _FORM, LtsError)
        names = list(cls.__dataclass_fields__)
        if set(value) != set(names) or not isinstance(value["layers"], list):
            raise LtsError(f"a decoder must look like {_FORM}")
        layers = tuple(_read_layer(number, layer) for number, layer in enumerate(value["layers"]))
        return cls(**{**value, "layers": layers})

    def to_json(self) -> str:
        """Text that `from_json` reads back."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps({**values, "layers": [layer._asdict() for layer in self.layers]})

    @cached_property
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same network."""
        layers = tuple(map(tuple, self.layers))
        return digest((self.model, self.dataset, self.d_model, self.d_embed, self.divisor, layers))

    @property
    def canonical(self) -> LtsArchitecture:
        """The same network with the least divisor."""
        return replace(self, div_val=self.divisor)

    @property
    def divisor(self) -> int:
        """The least divisor that gives the same network.

        With one cluster nothing is divided; but with a divisor above 1 an embedding is projected
        even if it is as wide as the model.
        """
        return self.div_val if len(self.setting.cluster_sizes) > 1 else min(self.div_val, 2)


def _read_layer(number: int, value: Any) -> DecoderLayer:
    names = DecoderLayer._fields
    if not isinstance(value, dict) or set(value) != set(names):
        raise LtsError(f"layer {number}: it must have {' and '.join(names)}")
    return DecoderLayer(**value)


def _check_value(what: str, value: Any, values: Sequence[int]) -> None:
    """A number that is equal but of another type, such as 2.0, is not one of the values."""
    if type(value) is not int or value not in values:
        known = " or ".join(map(str, values))
        raise LtsError(f"{what} must be {known}, got {repr(value)[:_SHOWN_CHARACTERS]}")


def _check_range(what: str, value: Any, limits: tuple[int, int]) -> None:
    low, high = limits
    if type(value) is not int or not low <= value <= high:
        got = repr(value)[:_SHOWN_CHARACTERS]
        raise LtsError(f"{what} must be a whole number from {low} to {high}, got {got}")
