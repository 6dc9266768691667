"""What a training-free score of an encoder is."""

from __future__ import annotations

from typing import Protocol

from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.zero_cost.encoders.passes import EncoderStatistics


class EncoderScore(Protocol):
    """One number of an untrained encoder and a batch of text."""

    @property
    def higher_is_better(self) -> bool:
        """Whether trained encoders with a higher score tend to have the higher GLUE score."""

    def of(self, passes: EncoderStatistics) -> float:
        """Return the score, NaN if it is not finite; the scores of a network share `passes`."""


_NAMES = (
    "synaptic_diversity",
    "synaptic_diversity_normalised",
    "synaptic_saliency",
    "synaptic_saliency_normalised",
    "activation_distance",
    "activation_distance_normalised",
    "head_importance",
    "head_importance_normalised",
    "head_confidence",
    "head_confidence_normalised",
    "softmax_confidence",
    "softmax_confidence_normalised",
    "jacobian_covariance",
    "jacobian_cosine",
    "num_params",
)
ENCODER_SCORES: Registry[EncoderScore] = Registry(
    "score of encoders",
    "nni_nlp_bench.encoder_scores",
    {name: f"nni_nlp_bench.zero_cost.encoders.definitions:{name.upper()}" for name in _NAMES},
)
