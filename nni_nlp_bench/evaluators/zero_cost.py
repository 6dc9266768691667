"""Zero-cost scores as evaluators of NNI and of trials."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from nni_nlp_bench.evaluators.base import Report, TrainingFailedError


class ZeroCostScorer:
    """Callable that scores architectures: higher is better, NaN if undefined.

    The language model of a cell has one layer of 64 units and reads 20 columns of 35 steps;
    miniature scores use neither. Encoders have their own size and read 4 columns of 64 words.
    Sentence classifiers are 64 wide and read 32 labelled texts with random vectors.

    Args:
        score: Name of the score.
        corpus: Name or folder of a corpus, for textnas and emd_cell of labelled texts; None for
            `pydoc-small`, and `docstrings`.
        space: Name of the search space.

    Raises:
        UserError: The space has no such score, or the text cannot be read.
    """

    def __init__(self, score: str, corpus: str | None = None, space: str = "rnn_cell") -> None:
        from nni_nlp_bench.training.settings import Sizes
        from nni_nlp_bench.zero_cost.registry import scores_of
        from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SPACES
        from nni_nlp_bench.zero_cost.task import make_scoring

        self._sign = 1 if scores_of(space).get(score).higher_is_better else -1
        self._name = score
        if space in SENTENCE_SPACES:
            data, options = corpus or "docstrings", {"width": 64}
            self._scoring = make_scoring(space, (score,), None, data, options=options)
        else:
            small = {"sizes": Sizes(64, 64, 1), "columns": 20, "steps": 35}
            settings = small if space == "rnn_cell" else {"columns": 4, "steps": 64}
            self._scoring = make_scoring(space, (score,), corpus or "pydoc-small", None, **settings)
        _ = self._scoring.digest

    def __call__(self, architecture: Any) -> float:
        """Return the score, negated if lower is better."""
        from nni_nlp_bench.zero_cost.task import ScoringTask, score_task

        task = ScoringTask(architecture.to_json(), self._scoring)
        return self._sign * score_task(task)[self._name]


class ZeroCostTrialEvaluator:
    """Trial evaluator that computes a zero-cost score instead of training."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add options for score and corpus."""
        parser.add_argument("--score", default="miniature_recall", help="name of the score")
        parser.add_argument(
            "--corpus", help="name of a corpus, or folder; of labelled texts for textnas, emd_cell"
        )

    def __init__(self, space: str, options: Namespace) -> None:
        self._score: str = options.score
        self._preference = ZeroCostScorer(options.score, options.corpus, space)

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Return the score; `default` is negated if higher is better, since trials minimise."""
        value = self._preference(architecture)
        if value != value:
            raise TrainingFailedError(f"the network has no finite {self._score}")
        return {"default": -value, "predicted": 1}
