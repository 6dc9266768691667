"""Interface and registry of the zero-cost scores of sentence classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nni_nlp_bench.core.registry import Registry

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.sentences.statistics import SentenceStatistics

SENTENCE_SPACES = ("textnas", "emd_cell")
"""Search spaces whose networks these scores read."""


class SentenceScore(Protocol):
    """Interface of every zero-cost score of sentence classifiers.

    A score is computed on an untrained network and one batch of texts. It is deterministic: the
    same network, texts and seed give the same value.
    """

    @property
    def higher_is_better(self) -> bool:
        """Direction: whether a higher score predicts a higher accuracy after training."""

    def of(self, statistics: SentenceStatistics) -> float:
        """Return the score.

        Args:
            statistics: Activations and gradients of the network, which all scores of a network
                share. Do not modify its tensors.

        Returns:
            The score, without a unit; NaN if it is undefined.
        """


_NAMES = {
    "sentences.definitions": ("naswot", "linear_regions", "num_params"),
    "gradients": (
        "jacobian_covariance",
        "jacobian_cosine",
        "synaptic_saliency",
        "ntk_condition",
    ),
}
"""Names of the scores that each module defines."""
SENTENCE_SCORES: Registry[SentenceScore] = Registry(
    "score of sentence classifiers",
    "nni_nlp_bench.sentence_scores",
    {
        name: f"nni_nlp_bench.zero_cost.{module}:{name.upper()}"
        for module, names in _NAMES.items()
        for name in names
    },
    requires=("higher_is_better", "of"),
)
