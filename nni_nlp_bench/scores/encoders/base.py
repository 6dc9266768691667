"""What a training-free score of an encoder is."""

from __future__ import annotations

from typing import Protocol

from nni_nlp_bench.scores.encoders.passes import EncoderPasses
from search_spaces.registry import Registry


class EncoderScore(Protocol):
    """One number of an untrained encoder and a batch of text."""

    @property
    def higher_is_better(self) -> bool:
        """Whether trained encoders with a higher score tend to have the higher GLUE score."""

    def of(self, passes: EncoderPasses) -> float:
        """The score; NaN where the network gives no finite one. Passes are shared by scores."""


ENCODER_SCORES: Registry[EncoderScore] = Registry(
    "score of encoders", "nni_nlp_bench.encoder_scores"
)
