"""Registry of the zero-cost scores of decoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.zero_cost.base import Score, score_registry

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.decoders.statistics import DecoderStatistics

DECODER_SCORES: Registry[Score[DecoderStatistics]] = score_registry(
    "score of decoders",
    "nni_nlp_bench.decoder_scores",
    {
        "decoders.sizes": ("nsc", "num_params", "non_embedding_params"),
        "transformers": ("zerolm", "w_pca"),
    },
)
