"""A zero-cost score as an NNI evaluator."""

from __future__ import annotations

import nni
from nni.mutable import Sample

from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoicesEvaluator
from search_spaces.base import get_space


@nni.trace
class TrainingFreeEvaluator(ChoicesEvaluator):
    """Reports the score of that name, turned so that higher is better, as NNI expects."""

    def __init__(
        self,
        score: str = "miniature_recall",
        corpus: str = "pydoc-small",
        space: str = "rnn_cell",
    ) -> None:
        super().__init__(get_space(space).choices())
        self._preference = ZeroCostScorer(score, corpus, space)

    def evaluate(self, sample: Sample) -> float:
        """The score of one sample; NaN where the network has none."""
        score = self._preference(self.choices.from_sample(sample))
        nni.report_final_result(score)
        return score
