"""Configuration of the zero-cost scores of encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES
from nni_nlp_bench.zero_cost.scoring import CorpusScoring
from search_spaces.encoder import EncoderArchitecture
from search_spaces.encoder.parameters import SIZES
from search_spaces.encoder.published import as_scored

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics


@dataclass(frozen=True, slots=True)
class EncoderScoring(CorpusScoring):
    """Configuration of the scores of encoders: names, text and seed.

    The text is the start of the test set of a corpus, one token per word. The published scores use
    128 texts of 512 word pieces; two texts give nearly the same ranks.
    """

    columns: int = 2
    """Number of texts."""
    steps: int = 512
    """Tokens per text."""
    seed: int = 0
    """Seed of the weights, the direction of the gradient and the dropout."""
    as_published: bool = False
    """Whether to reproduce the published code: see `EncoderStatistics`."""

    def __post_init__(self) -> None:
        self._scores()
        if self.steps > SIZES["positions"]:
            raise UserError(f"encoders read {SIZES['positions']} tokens, not {self.steps}")

    def _scores(self) -> Mapping[str, Any]:
        return {name: ENCODER_SCORES.get(name) for name in self.scores}

    def _parse(self, text: str) -> EncoderArchitecture:
        encoder = EncoderArchitecture.from_json(text)
        return as_scored(encoder) if self.as_published else encoder

    def _statistics(self, architecture: EncoderArchitecture) -> EncoderStatistics:
        from nni_nlp_bench.zero_cost.batch import batch
        from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics
        from search_spaces.encoder.network import Sizes

        words, rows = batch(self.corpus, self.columns, self.steps)
        sizes = Sizes(vocabulary=max(words, SIZES["vocabulary"]))
        return EncoderStatistics(architecture, rows.t(), sizes, self.seed, self.as_published)
