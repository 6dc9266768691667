"""What can go wrong in an evaluation."""

from __future__ import annotations

from nni_nlp_bench.core.errors import UserError


class EvaluationError(UserError):
    """A model cannot be evaluated so; the message names the remedy."""
