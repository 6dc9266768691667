"""The choices of an encoder, which the model space and its supernet share."""

from __future__ import annotations

from typing import Any

from search_spaces.encoder.choices import EncoderChoices
from search_spaces.encoder.classifier import ClassifierSizes
from search_spaces.nni_model_space import ChoicesModule


class Encoders(ChoicesModule):
    """The choices of an encoder, without weights; the supernet has those of all encoders."""

    def __init__(self, sizes: ClassifierSizes) -> None:
        super().__init__(EncoderChoices().categoricals)
        self.sizes = sizes

    @property
    def arguments(self) -> tuple[Any, ...]:
        return (self.sizes,)
