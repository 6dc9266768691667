"""NNI evaluator that computes a zero-cost score."""

from __future__ import annotations

import nni
from nni.mutable import Sample

from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoicesEvaluator
from search_spaces.registry import get_space


@nni.trace
class ZeroCostEvaluator(ChoicesEvaluator):
    """NNI evaluator that computes a zero-cost score.

    Scores of which lower is better are negated: higher is better, as NNI expects.

    Args:
        score: Name of the zero-cost score.
        corpus: Name or folder of the text that networks read; see `ZeroCostScorer`.
        space: Name of the search space.
    """

    def __init__(
        self,
        score: str = "miniature_recall",
        corpus: str | None = None,
        space: str = "rnn_cell",
    ) -> None:
        super().__init__(get_space(space).choices())
        self._scorer = ZeroCostScorer(score, corpus, space)

    def evaluate(self, sample: Sample) -> float:
        """Report the score of a sample to NNI and return it; NaN if it is undefined."""
        score = self._scorer(self.choices.from_sample(sample))
        nni.report_final_result(score)
        return score
