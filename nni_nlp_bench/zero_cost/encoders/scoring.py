"""Scoring encoders: names and numbers in, scores out."""

from __future__ import annotations

from dataclasses import dataclass

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.zero_cost.batch import batch
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES
from nni_nlp_bench.zero_cost.encoders.passes import EncoderStatistics
from search_spaces.encoder import EncoderArchitecture
from search_spaces.encoder.network import Sizes
from search_spaces.encoder.parameters import SIZES


@dataclass(frozen=True, slots=True)
class EncoderScoring:
    """Which scores, on what text: the first tokens of the test part, a word a token, in columns.

    The published scores are of 128 texts of 512 word pieces; two texts give nearly the same ranks.
    """

    scores: tuple[str, ...]
    corpus: str
    """Name or folder, as the process that scores sees it."""
    columns: int = 2
    """Texts."""
    steps: int = 512
    """Words of a text."""
    seed: int = 0
    """Decides the weights, the direction of the gradient and the dropout."""
    as_published: bool = False
    """Whether networks and gradients are as in the publication's code: see `EncoderStatistics`."""

    def __post_init__(self) -> None:
        for name in self.scores:
            ENCODER_SCORES.get(name)
        if self.steps > SIZES["positions"]:
            raise UserError(f"encoders read {SIZES['positions']} tokens, not {self.steps}")

    def of(self, text: str) -> dict[str, float]:
        """The scores of an encoder by name. Raises UserError."""
        words, rows = batch(self.corpus, self.columns, self.steps)
        sizes = Sizes(vocabulary=max(words, SIZES["vocabulary"]))
        encoder = EncoderArchitecture.from_json(text)
        passes = EncoderStatistics(encoder, rows.t(), sizes, self.seed, self.as_published)
        return {name: ENCODER_SCORES.get(name).of(passes) for name in self.scores}
