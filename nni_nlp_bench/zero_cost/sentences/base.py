"""Registry of the zero-cost scores of sentence classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.zero_cost.base import Score, score_registry

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.sentences.statistics import SentenceStatistics

SENTENCE_SPACES = ("textnas", "emd_cell")
"""Search spaces whose networks these scores read."""

SENTENCE_SCORES: Registry[Score[SentenceStatistics]] = score_registry(
    "score of sentence classifiers",
    "nni_nlp_bench.sentence_scores",
    {
        "sentences.definitions": ("naswot", "linear_regions", "num_params"),
        "gradients": (
            "jacobian_covariance",
            "jacobian_cosine",
            "synaptic_saliency",
            "ntk_condition",
        ),
    },
)
