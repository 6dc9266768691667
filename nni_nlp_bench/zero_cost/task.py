"""Zero-cost scoring as a task that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.memory import disable_malloc_trim
from nni_nlp_bench.training.settings import Sizes
from nni_nlp_bench.zero_cost.base import SCORES
from nni_nlp_bench.zero_cost.batch import batch
from nni_nlp_bench.zero_cost.encoders.scoring import EncoderScoring
from nni_nlp_bench.zero_cost.registry import scores_of
from nni_nlp_bench.zero_cost.statistics import NetworkStatistics
from search_spaces.rnn_cell import Recipe


class AnyScoring(Protocol):
    """Configuration of the scores of one space: a frozen dataclass of picklable values."""

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores."""

    @property
    def corpus(self) -> str:
        """Name or folder of the corpus."""

    def of(self, text: str) -> dict[str, float]:
        """Return the scores of an architecture, given as JSON, by name. Raises UserError."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """Configuration of the scores of cells: names, network, text and seed.

    The text is the first window of the test set, in columns. The defaults are those of the
    published scores.
    """

    scores: tuple[str, ...]
    corpus: str
    """Name or folder of the corpus on the machine that computes the scores."""
    sizes: Sizes = field(default_factory=Sizes)
    columns: int = 50
    steps: int = 70
    seed: int = 0
    """Seed of the weights and the noise."""

    def __post_init__(self) -> None:
        for name in self.scores:
            SCORES.get(name)

    def of(self, text: str) -> dict[str, float]:
        """Return the scores of a cell, given as JSON, by name.

        The weights are drawn in the order of the recipe's nodes, so that it affects the scores.
        Raises UserError.
        """
        words, rows = batch(self.corpus, self.columns, self.steps)
        recipe = Recipe.from_json(text)

        def build() -> LanguageModel:
            # Evaluation mode drops nothing; with trained matrices, gradients reach all of them.
            return LanguageModel(recipe, words, self.sizes, weight_drop="trained", seed=self.seed)

        statistics = NetworkStatistics(recipe, build, rows, self.seed)
        return {name: SCORES.get(name).of(statistics) for name in self.scores}


_SCORINGS = {"rnn_cell": Scoring, "encoder": EncoderScoring}


def scoring_of(space: str) -> type[Scoring] | type[EncoderScoring]:
    """Return the configuration class of a space. Raises UserError if it has no scores."""
    scores_of(space)
    return _SCORINGS[space]


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """One architecture to score."""

    recipe: str
    """The architecture as JSON."""
    scoring: AnyScoring


def score_task(task: ScoringTask) -> dict[str, float]:
    """Return the scores of one architecture by name. Raises UserError."""
    disable_malloc_trim()
    return task.scoring.of(task.recipe)
