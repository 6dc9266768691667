"""Configuration of zero-cost scores: of any space, and of cells. Importing it imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.data.corpora import load_corpus
from nni_nlp_bench.training.settings import Sizes
from nni_nlp_bench.zero_cost.base import SCORES, ArchitectureScore
from search_spaces.rnn_cell import Recipe

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.statistics import NetworkStatistics


@dataclass(frozen=True, slots=True)
class BaseScoring(ABC):
    """Configuration of the scores of one space, picklable: names, texts and seed."""

    scores: tuple[str, ...]
    """Names of the scores."""

    def __post_init__(self) -> None:
        self._scores()

    def of(self, text: str) -> dict[str, float]:
        """Return the scores of an architecture, given as JSON, by name.

        Without a score that needs one, no network is built, and torch is not imported.
        Raises UserError.
        """
        architecture, scores = self._parse(text), self._scores()
        alone = {
            name: score for name, score in scores.items() if isinstance(score, ArchitectureScore)
        }
        if len(alone) == len(scores):
            return {name: score.of_architecture(architecture) for name, score in alone.items()}
        statistics = self._statistics(architecture)
        return {name: score.of(statistics) for name, score in scores.items()}

    @property
    @abstractmethod
    def digest(self) -> str:
        """Checksum of the texts. Raises UserError."""

    @abstractmethod
    def _scores(self) -> Mapping[str, Any]:
        """Return the scores by name. Raises UnknownNameError."""

    @abstractmethod
    def _parse(self, text: str) -> Any:
        """Return the architecture whose network is scored. Raises UserError."""

    @abstractmethod
    def _statistics(self, architecture: Any) -> Any:
        """Return the statistics of its untrained network, computed on first access."""


@dataclass(frozen=True, slots=True)
class CorpusScoring(BaseScoring):
    """Configuration of the scores of one space that read the text of a corpus."""

    corpus: str
    """Name or folder of the corpus on the machine that computes the scores."""

    @property
    def digest(self) -> str:
        """Checksum of the corpus. Raises UserError."""
        return load_corpus(self.corpus).digest


@dataclass(frozen=True, slots=True)
class Scoring(CorpusScoring):
    """Configuration of the scores of cells: names, network, text and seed.

    The text is the first window of the test set, in columns. The defaults are those of the
    published scores. The weights are drawn in the order of the recipe's nodes, so that it affects
    the scores.
    """

    sizes: Sizes = field(default_factory=Sizes)
    columns: int = 50
    steps: int = 70
    seed: int = 0
    """Seed of the weights and the noise."""

    def _scores(self) -> Mapping[str, Any]:
        return {name: SCORES.get(name) for name in self.scores}

    def _parse(self, text: str) -> Recipe:
        return Recipe.from_json(text)

    def _statistics(self, architecture: Recipe) -> NetworkStatistics:
        from nni_nlp_bench.training.language_model import LanguageModel
        from nni_nlp_bench.zero_cost.batch import batch
        from nni_nlp_bench.zero_cost.statistics import NetworkStatistics

        words, rows = batch(self.corpus, self.columns, self.steps)

        def build() -> LanguageModel:
            # Evaluation mode drops nothing; with trained matrices, gradients reach all of them.
            return LanguageModel(
                architecture, words, self.sizes, weight_drop="trained", seed=self.seed
            )

        return NetworkStatistics(architecture, build, rows, self.seed)
