"""Interface and registry of the zero-cost scores of encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nni_nlp_bench.core.registry import Registry

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics


class EncoderScore(Protocol):
    """Interface of every zero-cost score of encoders.

    A score is computed on an untrained encoder and one batch of text. It is deterministic: the same
    encoder, tokens and seed give the same value.
    """

    @property
    def higher_is_better(self) -> bool:
        """Direction: whether a higher score predicts a higher GLUE score after training."""

    def of(self, statistics: EncoderStatistics) -> float:
        """Return the score.

        Args:
            statistics: Activations and gradients of the network, which all scores of a network
                share. Do not modify its tensors.

        Returns:
            The score, without a unit; NaN if it is undefined.
        """


_NAMES = {
    "encoders.definitions": (
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
    ),
    "encoders.nsc": ("nsc", "nsc_published", "nsc_exact"),
    "transformers": ("zerolm", "w_pca"),
}
"""Names of the scores that each module defines."""
ENCODER_SCORES: Registry[EncoderScore] = Registry(
    "score of encoders",
    "nni_nlp_bench.encoder_scores",
    {
        name: f"nni_nlp_bench.zero_cost.{module}:{name.upper()}"
        for module, names in _NAMES.items()
        for name in names
    },
    requires=("higher_is_better", "of"),
)
