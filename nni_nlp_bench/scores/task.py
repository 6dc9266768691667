"""Scoring as a task for any process: names and numbers in, scores out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from torch import Tensor

from nni_nlp_bench.data.batches import columns
from nni_nlp_bench.data.corpora import load_corpus
from nni_nlp_bench.scores.base import SCORES
from nni_nlp_bench.scores.passes import Passes
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.memory import keep_freed_memory
from nni_nlp_bench.training.settings import Sizes
from search_spaces.errors import UserError
from search_spaces.rnn_cell import Recipe


@dataclass(frozen=True, slots=True)
class Scoring:
    """Which scores, of what network, on what text. The defaults are those of the published ones.

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


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """One recipe to score."""

    recipe: str
    """JSON text; the order of its nodes decides the order in which weights are drawn."""
    scoring: Scoring


def score_task(task: ScoringTask) -> dict[str, float]:
    """The scores by name. Raises UserError."""
    keep_freed_memory()
    scoring = task.scoring
    words, batch = _batch(scoring.corpus, scoring.columns, scoring.steps)
    recipe = Recipe.from_json(task.recipe)

    def build() -> LanguageModel:
        # Nothing is dropped without training; in this mode gradients reach every matrix.
        return LanguageModel(recipe, words, scoring.sizes, weight_drop="trained", seed=scoring.seed)

    passes = Passes(recipe, build, batch, scoring.seed)
    return {name: SCORES.get(name).of(passes) for name in scoring.scores}


@cache
def _batch(corpus: str, count: int, steps: int) -> tuple[int, Tensor]:
    """Number of words, and the window (steps, columns)."""
    text = load_corpus(corpus)
    rows = columns(text.test, count)
    if len(rows) < steps:
        raise UserError(
            f"the test part of {corpus} has {len(text.test):,} tokens, too few for {count} columns "
            f"of {steps} steps"
        )
    return len(text.vocabulary), rows[:steps]
