"""Computation of the zero-cost scores of encoders."""

from __future__ import annotations

from dataclasses import dataclass

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.zero_cost.batch import batch
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES
from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics
from search_spaces.encoder import EncoderArchitecture
from search_spaces.encoder.network import Sizes
from search_spaces.encoder.parameters import SIZES


@dataclass(frozen=True, slots=True)
class EncoderScoring:
    """Configuration of the scores: names, text and seed.

    The text is the start of the test set of a corpus, one token per word. The published scores use
    128 texts of 512 word pieces; two texts give nearly the same ranks.
    """

    scores: tuple[str, ...]
    corpus: str
    """Name or folder of the corpus on the machine that computes the scores."""
    columns: int = 2
    """Number of texts."""
    steps: int = 512
    """Tokens per text."""
    seed: int = 0
    """Seed of the weights, the direction of the gradient and the dropout."""
    as_published: bool = False
    """Whether to reproduce the published code: see `EncoderStatistics`."""

    def __post_init__(self) -> None:
        for name in self.scores:
            ENCODER_SCORES.get(name)
        if self.steps > SIZES["positions"]:
            raise UserError(f"encoders read {SIZES['positions']} tokens, not {self.steps}")

    def of(self, text: str) -> dict[str, float]:
        """Return the scores of an encoder, given as JSON, by name. Raises UserError."""
        words, rows = batch(self.corpus, self.columns, self.steps)
        sizes = Sizes(vocabulary=max(words, SIZES["vocabulary"]))
        encoder = EncoderArchitecture.from_json(text)
        statistics = EncoderStatistics(encoder, rows.t(), sizes, self.seed, self.as_published)
        return {name: ENCODER_SCORES.get(name).of(statistics) for name in self.scores}
