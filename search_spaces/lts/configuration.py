"""The form in which the release writes a decoder: `model_config.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture, LtsError
from search_spaces.lts.rules import RULES
from search_spaces.values import MAX_JSON_CHARACTERS

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NAMES = ("n_token", "cutoffs", "tgt_len", "d_model", "d_embed", "div_val", "n_layer")
_SAME_AS_MODEL = -1
"""The release's `d_embed` for an embedding as wide as the model."""


def from_configuration(text: str) -> LtsArchitecture:
    """Return the decoder of a `model_config.yaml`.

    The model and the data set are those of its vocabulary, cut-offs and segment length. Other
    fields, such as those of the training, are ignored.

    Raises:
        LtsError: The text is no such configuration; the message is one line.
    """
    values = _load(text)
    if missing := [name for name in (*_NAMES, "n_head", "d_inner") if name not in values]:
        raise LtsError(f"a model_config.yaml has the field {missing[0]}, this one does not")
    model, dataset = _task(values)
    layers = zip(_per_layer(values, "n_head"), _per_layer(values, "d_inner"), strict=True)
    d_embed = values["d_embed"]
    return LtsArchitecture(
        model=model,
        dataset=dataset,
        d_model=values["d_model"],
        d_embed=values["d_model"] if d_embed == _SAME_AS_MODEL else d_embed,
        div_val=values["div_val"],
        layers=tuple(DecoderLayer(*layer) for layer in layers),
    )


def _load(text: str) -> Mapping[str, Any]:
    if len(text) > MAX_JSON_CHARACTERS:
        raise LtsError(f"a model_config.yaml has at most {MAX_JSON_CHARACTERS:,} characters")
    try:
        values = yaml.load(text, _LOADER)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise LtsError(f"a model_config.yaml must be YAML: {reason[:200]}") from None
    if not isinstance(values, dict):
        raise LtsError("a model_config.yaml must be a mapping of names to values")
    return values


def _task(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the model and the data set of a vocabulary."""
    for task, rules in RULES.items():
        setting = rules.setting
        # The release appends the vocabulary to the cut-offs.
        cutoffs = [*setting.cutoffs, setting.vocabulary]
        written = values["n_token"], values["cutoffs"], values["tgt_len"]
        if written == (setting.vocabulary, cutoffs, setting.length):
            return task
    raise LtsError(
        f"n_token {str(values['n_token'])[:20]}, cutoffs {str(values['cutoffs'])[:60]} and tgt_len "
        f"{str(values['tgt_len'])[:20]} are those of no published set"
    )


def _per_layer(values: Mapping[str, Any], name: str) -> list[Any]:
    """Return the value of each layer; a homogeneous decoder has one for all."""
    of_layers, n_layer = values[name], values["n_layer"]
    if type(n_layer) is not int or not 0 < n_layer <= _MAX_LAYERS:
        raise LtsError(f"n_layer must be at most {_MAX_LAYERS}, got {str(n_layer)[:20]!r}")
    if not isinstance(of_layers, list):
        return [of_layers] * n_layer
    if len(of_layers) != n_layer:
        raise LtsError(f"{name} has {len(of_layers)} values, n_layer is {n_layer}")
    return of_layers


_MAX_LAYERS = max(max(rules.n_layers) for rules in RULES.values())
