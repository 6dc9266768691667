"""Scoring as a task for any process: names and numbers in, scores out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.memory import disable_malloc_trim
from nni_nlp_bench.training.settings import Sizes
from nni_nlp_bench.zero_cost.base import SCORES, Score
from nni_nlp_bench.zero_cost.batch import batch
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES, EncoderScore
from nni_nlp_bench.zero_cost.encoders.scoring import EncoderScoring
from nni_nlp_bench.zero_cost.passes import NetworkStatistics
from search_spaces.rnn_cell import Recipe


class AnyScoring(Protocol):
    """Which scores of a space, on what text; a frozen dataclass, made from names and numbers."""

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores."""

    def of(self, text: str) -> dict[str, float]:
        """The scores of an architecture, from its JSON text. Raises UserError."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """Which scores of cells, of what network, on what text. The defaults are the published ones.

    The text is the first window of the test part, in columns.
    """

    scores: tuple[str, ...]
    corpus: str
    """Name or folder, as the process that scores sees it."""
    sizes: Sizes = field(default_factory=Sizes)
    columns: int = 50
    steps: int = 70
    seed: int = 0
    """Decides the weights and the noise."""

    def __post_init__(self) -> None:
        for name in self.scores:
            SCORES.get(name)

    def of(self, text: str) -> dict[str, float]:
        """The scores by name; the order of the recipe's nodes decides that of drawn weights.

        Raises UserError.
        """
        words, rows = batch(self.corpus, self.columns, self.steps)
        recipe = Recipe.from_json(text)

        def build() -> LanguageModel:
            # Nothing is dropped without training; in this mode gradients reach every matrix.
            return LanguageModel(recipe, words, self.sizes, weight_drop="trained", seed=self.seed)

        passes = NetworkStatistics(recipe, build, rows, self.seed)
        return {name: SCORES.get(name).of(passes) for name in self.scores}


SCORES_OF: Mapping[str, Registry[Score] | Registry[EncoderScore]] = {
    "rnn_cell": SCORES,
    "encoder": ENCODER_SCORES,
}
"""The scores of each space that has some."""
_SCORINGS = {"rnn_cell": Scoring, "encoder": EncoderScoring}


def scoring_of(space: str) -> type[Scoring] | type[EncoderScoring]:
    """How architectures of a space are scored. Raises UserError for a space without scores."""
    if space not in _SCORINGS:
        known = " and ".join(_SCORINGS)
        raise UserError(f"space {space!r} has no training-free scores; {known} have")
    return _SCORINGS[space]


def scores_of(space: str) -> Registry[Score] | Registry[EncoderScore]:
    """Return the scores of a space. Raises UserError for a space without scores."""
    scoring_of(space)
    return SCORES_OF[space]


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """One architecture to score."""

    recipe: str
    """JSON text."""
    scoring: AnyScoring


def score_task(task: ScoringTask) -> dict[str, float]:
    """The scores by name. Raises UserError."""
    disable_malloc_trim()
    return task.scoring.of(task.recipe)
