"""Training-free scores as evaluators: NNI's, and a trial's."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from nni_nlp_bench.evaluators.trials import Report, TrainingFailedError
from search_spaces.errors import UserError


class Preference:
    """Architecture -> a training-free score of which higher is better; NaN where it has none.

    The model has one layer of 64 units, the text 20 columns of 35 steps; scores in miniature use
    neither.
    """

    def __init__(self, score: str, corpus: str = "pydoc-small") -> None:
        from nni_nlp_bench.data.corpora import load_corpus
        from nni_nlp_bench.scores.base import SCORES
        from nni_nlp_bench.scores.task import Scoring
        from nni_nlp_bench.training.settings import Sizes

        self._sign = 1 if SCORES.get(score).higher_is_better else -1
        load_corpus(corpus)
        self._name = score
        self._scoring = Scoring((score,), corpus, Sizes(64, 64, 1), columns=20, steps=35)

    def __call__(self, architecture: Any) -> float:
        """The score, with its sign turned where lower is better."""
        from nni_nlp_bench.scores.task import ScoringTask, score_task

        task = ScoringTask(architecture.to_json(), self._scoring)
        return self._sign * score_task(task)[self._name]


class TrainingFreeTrials:
    """Answers a trial with a training-free score, without any training."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Which score, on what text."""
        parser.add_argument("--score", default="miniature_recall", help="name of the score")
        parser.add_argument("--corpus", default="pydoc-small", help="name of a corpus, or folder")

    def __init__(self, space: str, options: Namespace) -> None:
        if space != "rnn_cell":
            raise UserError(
                f"only cells of space rnn_cell have training-free scores, not {space!r}"
            )
        self._score: str = options.score
        self._preference = Preference(options.score, options.corpus)

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """`default` is minus the score where higher is better: trials minimise."""
        value = self._preference(architecture)
        if value != value:
            raise TrainingFailedError(f"the network has no finite {self._score}")
        return {"default": -value, "predicted": 1}
