"""Zero-cost scoring as a task that can be sent to another process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.memory import disable_malloc_trim
from nni_nlp_bench.zero_cost.decoders.scoring import DecoderScoring
from nni_nlp_bench.zero_cost.encoders.scoring import EncoderScoring
from nni_nlp_bench.zero_cost.registry import scores_of
from nni_nlp_bench.zero_cost.scoring import BaseScoring, Scoring
from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SPACES
from nni_nlp_bench.zero_cost.sentences.scoring import SentenceScoring

_SCORINGS: Mapping[str, Callable[..., BaseScoring]] = {
    "rnn_cell": Scoring,
    "encoder": EncoderScoring,
    "lts": DecoderScoring,
    **{space: partial(SentenceScoring, space=space) for space in SENTENCE_SPACES},
}


def make_scoring(
    space: str, scores: tuple[str, ...], corpus: str | None, data: str | None, **settings: Any
) -> BaseScoring:
    """Return the configuration of the scores of a space.

    Args:
        space: Name of the space.
        scores: Names of the scores.
        corpus: Corpus of a space of language models and encoders, else None.
        data: Labelled texts of a space of sentence classifiers, else None.
        **settings: Other fields of the configuration.

    Raises:
        UserError: The space has no scores, is scored on the other kind of text, or an argument
            cannot be used.
    """
    scores_of(space)
    reads_labelled = space in SENTENCE_SPACES
    read, other = (data, corpus) if reads_labelled else (corpus, data)
    if read is None or other is not None:
        texts, option = ("labelled texts", "data") if reads_labelled else ("a corpus", "corpus")
        raise UserError(f"networks of {space} are scored on {texts}: give {option} alone")
    return _SCORINGS[space](scores, read, **settings)


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
