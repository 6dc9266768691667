"""Interface and registry of the zero-cost scores of decoders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nni_nlp_bench.core.registry import Registry

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.decoders.statistics import DecoderStatistics


class DecoderScore(Protocol):
    """Interface of every zero-cost score of decoders.

    A score is computed on an untrained decoder and one batch of text. It is deterministic: the same
    decoder, tokens and seed give the same value.
    """

    @property
    def higher_is_better(self) -> bool:
        """Direction: whether a higher score predicts a lower perplexity after training."""

    def of(self, statistics: DecoderStatistics) -> float:
        """Return the score.

        Args:
            statistics: The network and its outputs, which all scores of a network share. Do not
                modify its tensors.

        Returns:
            The score, without a unit; NaN if it is undefined.
        """


_NAMES = {
    "decoders.sizes": ("nsc", "num_params", "non_embedding_params"),
    "transformers": ("zerolm", "w_pca"),
}
"""Names of the scores that each module defines."""
DECODER_SCORES: Registry[DecoderScore] = Registry(
    "score of decoders",
    "nni_nlp_bench.decoder_scores",
    {
        name: f"nni_nlp_bench.zero_cost.{module}:{name.upper()}"
        for module, names in _NAMES.items()
        for name in names
    },
    requires=("higher_is_better", "of"),
)
