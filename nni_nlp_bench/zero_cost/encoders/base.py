"""Registry of the zero-cost scores of encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.zero_cost.base import Score, score_registry

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics

ENCODER_SCORES: Registry[Score[EncoderStatistics]] = score_registry(
    "score of encoders",
    "nni_nlp_bench.encoder_scores",
    {
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
    },
)
