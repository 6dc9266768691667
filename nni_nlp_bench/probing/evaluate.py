"""Evaluation of one trained language model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nni_nlp_bench.probing.classification import TaskResult, evaluate_task
from nni_nlp_bench.probing.encoder import Encoder
from nni_nlp_bench.probing.tasks import Task
from nni_nlp_bench.probing.word_sets import WordSet
from nni_nlp_bench.probing.word_similarity import Similarity, word_similarities


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of the evaluations of one model."""

    similarities: tuple[Similarity, ...]
    tasks: tuple[TaskResult, ...]
    seed: int
    """Seed of the cross-validation folds."""


def evaluate(
    encoder: Encoder, sets: Iterable[WordSet] = (), tasks: Iterable[Task] = (), seed: int = 0
) -> Evaluation:
    """Evaluate a model on all sets and tasks, in order.

    Each task draws its folds from the seed, so that they are the same for every model and every
    selection of tasks.
    """
    return Evaluation(
        word_similarities(sets, encoder.vocabulary, encoder.embeddings),
        tuple(evaluate_task(encoder, task, np.random.default_rng(seed)) for task in tasks),
        seed,
    )
