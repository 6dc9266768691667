"""The space as an NNI model space, for strategies that train each network and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import nni
from nni.nas.nn.pytorch import ModelSpace, MutableModule
from torch import Tensor

from search_spaces.encoder.architecture import EncoderArchitecture
from search_spaces.encoder.choices import EncoderChoices, Sample, Value
from search_spaces.encoder.classifier import (
    ClassifierSizes,
    EncoderClassifier,
    LayeredClassifier,
)


class Encoders(MutableModule):  # type: ignore[misc]
    """The choices of an encoder, without weights.

    A one-shot strategy puts the class of `supernet.py` into its place, which has those of all.
    """

    def __init__(self, sizes: ClassifierSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.choices = EncoderChoices()
        for label, values in self.choices.categoricals.items():
            self.add_mutable(nni.choice(label, values))


class EncoderModelSpace(ModelSpace):  # type: ignore[misc]
    """All encoders as NNI choices; a frozen space is an `EncoderClassifier`.

    The forward is a one-shot strategy's: it takes what `EncoderClassifier` takes.
    """

    def __init__(self, vectors: int = 300, classes: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        self.choices = EncoderChoices()
        self.encoders = Encoders(ClassifierSizes(vectors, classes, dropout))

    @classmethod
    def create_fixed_module(
        cls,
        sample: Mapping[str, Value],
        vectors: int = 300,
        classes: int = 2,
        dropout: float = 0.1,
    ) -> EncoderClassifier:
        """The network of a sample, for NNI's `model_context`: takes the arguments of the space."""
        encoder = EncoderChoices().from_sample(sample)
        return EncoderClassifier(encoder, ClassifierSizes(vectors, classes, dropout))

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """What NNI's one-shot strategies put into the place of the choices. Raises UserError for
        those that mix networks instead of sampling them."""
        from search_spaces.encoder.supernet import supernet_class

        return [supernet_class(strategy).mutate]

    def freeze(self, sample: Mapping[str, Value]) -> EncoderClassifier:
        """The network of a sample: with a copy of the shared weights, on their device, where a
        one-shot strategy has made some. Raises NNI's SampleValidationError."""
        self.validate(sample)
        frozen = EncoderClassifier(self.from_sample(sample), self.encoders.sizes)
        if type(self.encoders) is not Encoders:
            shared = self.encoders.network(frozen.encoder)
            frozen.to(shared.head.linear.weight).load_state_dict(shared.state_dict())
        return frozen

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        """What `EncoderClassifier.layer_outputs` gives, of what a one-shot strategy has sampled."""
        outputs: list[Tensor] = self._sampled().layer_outputs(vectors, mask)
        return outputs

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        """Logits (batch, classes) of all layers' outputs."""
        logits: Tensor = self._sampled().logits(outputs, mask)
        return logits

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Word vectors (batch, length, vectors) and mask (batch, length) to logits (batch,
        classes), of what a one-shot strategy has sampled."""
        return self.logits(self.layer_outputs(vectors, mask), mask)

    def current(self) -> EncoderArchitecture:
        """The encoder that a one-shot strategy's network stands for at this moment."""
        return self.from_sample(self.encoders.sampled)

    def _sampled(self) -> LayeredClassifier:
        network: LayeredClassifier = self.encoders.network(self.current())
        return network

    def to_sample(self, encoder: EncoderArchitecture) -> Sample:
        """The sample of an encoder."""
        return self.choices.to_sample(encoder)

    def from_sample(self, sample: Mapping[str, Value]) -> EncoderArchitecture:
        """The encoder of a sample. Raises EncoderError."""
        return self.choices.from_sample(sample)

    def export(self, found: Mapping[str, Value] | EncoderClassifier) -> EncoderArchitecture:
        """The encoder of what a search returns: a sample or a frozen module."""
        return found.encoder if isinstance(found, EncoderClassifier) else self.from_sample(found)
