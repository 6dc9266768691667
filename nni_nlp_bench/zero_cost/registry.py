"""Zero-cost scores by space. Importing this, and the scores, imports no torch."""

from __future__ import annotations

from collections.abc import Mapping

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.zero_cost.base import SCORES, Score
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES, EncoderScore

SCORES_OF: Mapping[str, Registry[Score] | Registry[EncoderScore]] = {
    "rnn_cell": SCORES,
    "encoder": ENCODER_SCORES,
}


def scores_of(space: str) -> Registry[Score] | Registry[EncoderScore]:
    """Return the zero-cost scores of a space. Raises UserError if it has none."""
    if space not in SCORES_OF:
        known = " and ".join(SCORES_OF)
        raise UserError(f"space {space!r} has no zero-cost scores; {known} have")
    return SCORES_OF[space]
