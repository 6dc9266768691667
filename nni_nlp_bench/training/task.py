"""Training as a task that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from nni_nlp_bench.data.corpora import load_corpus
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.log import TrainingMetadata, release_log
from nni_nlp_bench.training.memory import disable_malloc_trim
from nni_nlp_bench.training.run import train
from nni_nlp_bench.training.settings import Settings
from search_spaces.rnn_cell import Recipe


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """Training of one cell: recipe, corpus and settings."""

    recipe: str
    """The cell as JSON."""
    recipe_id: int
    """Published id of the cell, or -1."""
    corpus: str
    """Name or folder of the corpus on the machine that trains."""
    settings: Settings


def train_task(task: TrainingTask) -> dict[str, Any]:
    """Train a cell and return the log in the format of the release."""
    disable_malloc_trim()
    corpus = _corpus(task.corpus)
    recipe = Recipe.from_json(task.recipe)
    curves = train(recipe, corpus, task.settings, recipe_id=task.recipe_id)
    subject = TrainingMetadata.of(recipe, task.recipe_id, corpus, task.settings)
    return release_log(subject, task.settings, curves)


@cache
def _corpus(name_or_folder: str) -> Corpus:
    return load_corpus(name_or_folder)
