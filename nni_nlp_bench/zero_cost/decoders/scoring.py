"""Configuration of the zero-cost scores of decoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.zero_cost.decoders.base import DECODER_SCORES
from nni_nlp_bench.zero_cost.scoring import CorpusScoring
from search_spaces.lts import LtsArchitecture

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.decoders.statistics import DecoderStatistics


@dataclass(frozen=True, slots=True)
class DecoderScoring(CorpusScoring):
    """Configuration of the scores of decoders: names, text and seed.

    The text is the start of the test set of a corpus, one token per word.
    """

    columns: int = 4
    """Number of texts."""
    steps: int = 128
    """Tokens per text."""
    seed: int = 0
    """Seed of the weights."""

    def _scores(self) -> Mapping[str, Any]:
        return {name: DECODER_SCORES.get(name) for name in self.scores}

    def _parse(self, text: str) -> LtsArchitecture:
        return LtsArchitecture.from_json(text)

    def _statistics(self, architecture: LtsArchitecture) -> DecoderStatistics:
        from nni_nlp_bench.zero_cost.batch import batch
        from nni_nlp_bench.zero_cost.decoders.statistics import DecoderStatistics

        words, rows = batch(self.corpus, self.columns, self.steps)
        return DecoderStatistics(architecture, rows.t(), words, self.seed)
