"""Language models of architectures, whatever their space."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.cells import SPACES as CELL_SPACES
from nni_nlp_bench.training.cells import AnyCell, cell_of
from nni_nlp_bench.training.decoders import (
    DecoderModel,
    decoder_setting,
    decoder_settings,
    frequency_ranks,
)
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.settings import Settings, Sizes
from search_spaces.base import SearchSpace
from search_spaces.lts import LtsArchitecture
from search_spaces.lts.parameters import count_parameters
from search_spaces.registry import get_space
from search_spaces.rnn_cell.language_model import language_model_parameters

LanguageArchitecture: TypeAlias = AnyCell | LtsArchitecture
"""An architecture that a language model is made of."""
AnyLanguageModel: TypeAlias = LanguageModel | DecoderModel
SPACES = (*CELL_SPACES, "lts")
_OF_CELLS = (
    "embedding",
    "hidden",
    "layers",
    "weight_drop",
    "activation_penalty",
    "slowness_penalty",
)
"""Settings that a decoder does not have."""


def language_space(name: str) -> SearchSpace[Any]:
    """Return the space of that name. Raises UserError if it has no language models."""
    space = get_space(name)
    if name not in SPACES:
        raise UserError(f"space {name} has no language models; these have: {', '.join(SPACES)}")
    return space


def architecture_of(text: str) -> LanguageArchitecture:
    """Parse an architecture of any of these spaces from JSON. Raises UserError."""
    return LtsArchitecture.from_json(text) if "model" in json.loads(text) else cell_of(text)


def settings_for(architecture: LanguageArchitecture, **values: Any) -> Settings:
    """Return the settings of a training.

    Args:
        architecture: The architecture.
        **values: Fields of `Settings`; `embedding`, `hidden` and `layers` are those of its sizes.
            None stands for the default.

    Raises:
        UserError: A value is impossible, or not for such an architecture.
    """
    given = {name: value for name, value in values.items() if value is not None}
    if isinstance(architecture, LtsArchitecture):
        if wrong := [name for name in _OF_CELLS if name in given]:
            raise UserError(
                f"{wrong[0]} is for recurrent cells: a decoder of lts has its own sizes"
            )
        return decoder_settings(architecture, **given)
    widths = {name: given.pop(name) for name in ("embedding", "hidden", "layers") if name in given}
    return Settings(sizes=Sizes(**widths), **given)


def make_model(
    architecture: LanguageArchitecture,
    words: int,
    settings: Settings,
    text: NDArray[np.int64] | None = None,
) -> AnyLanguageModel:
    """Return the language model of an architecture, with weights drawn from the settings' seed.

    Args:
        architecture: The architecture.
        words: Number of words.
        settings: Sizes, dropouts and seed.
        text: Word ids of the training text; None if the weights are loaded afterwards.
    """
    if isinstance(architecture, LtsArchitecture):
        ranks = None if text is None else frequency_ranks(text, words)
        return DecoderModel(architecture, words, settings, ranks)
    return LanguageModel(
        architecture, words, settings.sizes, settings.dropouts, settings.weight_drop, settings.seed
    )


def model_parameters(architecture: LanguageArchitecture, words: int, settings: Settings) -> int:
    """Return the number of parameters of the language model."""
    if isinstance(architecture, LtsArchitecture):
        return count_parameters(architecture, decoder_setting(architecture, words, settings)).total
    return language_model_parameters(architecture, words, settings.sizes.of_layers())
