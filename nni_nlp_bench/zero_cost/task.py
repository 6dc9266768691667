"""Zero-cost scoring as a task that can be sent to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nni_nlp_bench.training.memory import disable_malloc_trim
from nni_nlp_bench.zero_cost.decoders.scoring import DecoderScoring
from nni_nlp_bench.zero_cost.encoders.scoring import EncoderScoring
from nni_nlp_bench.zero_cost.registry import scores_of
from nni_nlp_bench.zero_cost.scoring import BaseScoring, Scoring

_ScoringClass = type[Scoring] | type[EncoderScoring] | type[DecoderScoring]
_SCORINGS: Mapping[str, _ScoringClass] = {
    "rnn_cell": Scoring,
    "encoder": EncoderScoring,
    "lts": DecoderScoring,
}


def scoring_of(space: str) -> _ScoringClass:
    """Return the configuration class of a space. Raises UserError if it has no scores."""
    scores_of(space)
    return _SCORINGS[space]


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """One architecture to score."""

    recipe: str
    """The architecture as JSON."""
    scoring: BaseScoring


def score_task(task: ScoringTask) -> dict[str, float]:
    """Return the scores of one architecture by name. Raises UserError."""
    disable_malloc_trim()
    return task.scoring.of(task.recipe)
