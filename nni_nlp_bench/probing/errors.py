"""Errors of evaluations."""

from __future__ import annotations

from nni_nlp_bench.core.errors import UserError


class EvaluationError(UserError):
    """A model cannot be evaluated; the message names the remedy."""
