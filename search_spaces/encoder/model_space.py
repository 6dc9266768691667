"""The space as an NNI model space, for strategies that train each network and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from search_spaces.encoder.architecture import EncoderArchitecture
from search_spaces.encoder.choices import EncoderChoices, Value
from search_spaces.encoder.classifier import (
    ClassifierSizes,
    EncoderClassifier,
    LayeredClassifier,
)
from search_spaces.encoder.mutables import Encoders
from search_spaces.nni_model_space import SentenceModelSpace


class EncoderModelSpace(SentenceModelSpace):
    """All encoders as NNI choices; a frozen space is an `EncoderClassifier`."""

    architecture_field = "encoder"
    supernet_function = "search_spaces.encoder.supernet:supernet_class"

    def __init__(self, vectors: int = 300, classes: int = 2, dropout: float = 0.1) -> None:
        super().__init__(EncoderChoices())
        self.encoders = Encoders(ClassifierSizes(vectors, classes, dropout))

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], *args: Any, **options: Any
    ) -> EncoderClassifier:
        """Return the network of a sample, for NNI's `model_context`."""
        sizes = ClassifierSizes(**cls.arguments(*args, **options))
        return EncoderClassifier(EncoderChoices().from_sample(sample), sizes)

    def freeze(self, sample: Mapping[str, Value]) -> EncoderClassifier:
        """Return the network of a sample: with a copy of the shared weights, on their device, if a
        one-shot strategy has made some. Raises NNI's SampleValidationError."""
        self.validate(sample)
        frozen = EncoderClassifier(self.from_sample(sample), self.encoders.sizes)
        if type(self.encoders) is not Encoders:
            shared = self.encoders.network(frozen.encoder)
            frozen.to(shared.head.linear.weight).load_state_dict(shared.state_dict())
        return frozen

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        outputs: list[Tensor] = self._sampled().layer_outputs(vectors, mask)
        return outputs

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        logits: Tensor = self._sampled().logits(outputs, mask)
        return logits

    def current(self) -> EncoderArchitecture:
        """Return the encoder that a one-shot strategy has sampled."""
        encoder: EncoderArchitecture = self.from_sample(self.encoders.sampled)
        return encoder

    def _sampled(self) -> LayeredClassifier:
        network: LayeredClassifier = self.encoders.network(self.current())
        return network
