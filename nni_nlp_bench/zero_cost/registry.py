"""Zero-cost scores by space. Importing this, and the scores, imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.zero_cost.base import SCORES, ArchitectureScore, Score
from nni_nlp_bench.zero_cost.decoders.base import DECODER_SCORES
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES
from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SCORES, SENTENCE_SPACES
from search_spaces.base import SearchSpace, SizedSpace

SCORES_OF: Mapping[str, Registry[Score[Any]]] = {
    "rnn_cell": SCORES,
    "encoder": ENCODER_SCORES,
    "lts": DECODER_SCORES,
    **dict.fromkeys(SENTENCE_SPACES, SENTENCE_SCORES),
}
DEFAULT_SCORES: Mapping[str, str] = {
    "rnn_cell": "miniature_recall",
    "encoder": "nsc",
    "lts": "nsc",
}
"""By space, the score that strategies prefer: it reads the architecture alone, higher is better.

Other spaces have none: strategies prefer more parameters."""


def scores_of(space: str) -> Registry[Score[Any]]:
    """Return the zero-cost scores of a space. Raises UserError if it has none."""
    if space not in SCORES_OF:
        known = ", ".join(SCORES_OF)
        raise UserError(f"space {space!r} has no zero-cost scores; those with: {known}")
    return SCORES_OF[space]


def default_scorer(space: SearchSpace[Any]) -> Callable[[Any], float] | None:
    """Return what ranks the untrained architectures of a space, higher first.

    It is the space's score in `DEFAULT_SCORES`, else the number of parameters at the space's
    default sizes. It needs no torch and takes milliseconds.

    >>> from search_spaces.registry import get_space
    >>> space = get_space("encoder")
    >>> round(default_scorer(space)(space.parse("0")), 1)
    6180.1

    Args:
        space: The space, or one that wraps it.

    Returns:
        A function of an architecture; None if the space has neither.
    """
    space = space.unwrapped
    if space.name in DEFAULT_SCORES:
        score = scores_of(space.name).get(DEFAULT_SCORES[space.name])
        return cast(ArchitectureScore, score).of_architecture
    return partial(space.parameters, size={}) if isinstance(space, SizedSpace) else None
