"""Decoders as an NNI model space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.lts.architecture import LtsArchitecture
from search_spaces.lts.choices import LtsChoices, Task, Value
from search_spaces.lts.network import DecoderNetwork
from search_spaces.lts.parameters import sized
from search_spaces.lts.rules import RULES
from search_spaces.nni_model_space import NNIModelSpace


class LtsModelSpace(NNIModelSpace):
    """All decoders of `LtsChoices`, as NNI choices; a frozen space is a `DecoderNetwork`.

    Every sample that NNI's choices allow is a decoder. `vocabulary` and `length` None are those of
    its data set.
    """

    architecture_field = "decoder"

    def __init__(
        self,
        tasks: tuple[Task, ...] = tuple(RULES),
        vocabulary: int | None = None,
        length: int | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(LtsChoices(tasks))
        self.vocabulary, self.length, self.dropout = vocabulary, length, dropout
        self.add_choices()

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], *args: Any, **options: Any
    ) -> DecoderNetwork:
        """Return the network of a sample, for NNI's `model_context`."""
        tasks, *rest = cls.arguments(*args, **options).values()
        return _network(LtsChoices(tasks).from_sample(sample), *rest)

    def freeze(self, sample: Mapping[str, Value]) -> DecoderNetwork:
        """Return the network of a sample. Raises NNI's SampleValidationError."""
        self.validate(sample)
        return _network(self.from_sample(sample), self.vocabulary, self.length, self.dropout)


def _network(
    decoder: LtsArchitecture, vocabulary: int | None, length: int | None, dropout: float
) -> DecoderNetwork:
    given = {"vocabulary": vocabulary, "length": length}
    size = {name: value for name, value in given.items() if value is not None}
    return DecoderNetwork(decoder, sized(decoder, size), dropout)
