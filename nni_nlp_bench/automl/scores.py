"""Scores of the candidates, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nni_nlp_bench.automl.settings import TOLERANCE, Objective
from nni_nlp_bench.core.errors import UserError

Kind = Literal["baseline", "encoder", "search"]


@dataclass(frozen=True, slots=True)
class Score:
    """Metrics of a trained candidate on the dev set, and its costs."""

    name: str
    """Unique name, which is also that of its folder."""
    kind: Kind
    accuracy: float
    """Fraction of the dev set: higher is better."""
    macro_f1: float
    """Mean F1 of all labels on the dev set: higher is better."""
    parameters: int
    """Number of parameters, with those of the word embedding."""
    embedding: int
    """Number of parameters of the word embedding."""
    latency_ms: float
    """Median time to predict one text of median length, in milliseconds."""
    seconds: float
    """Time of the training, without a search for the architecture."""
    epochs: int
    """Number of epochs of the kept weights; 0 for a model without epochs."""
    share: float
    """Share of the training texts that was used."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def ranked(scores: Sequence[Score], objective: Objective) -> list[Score]:
    """Return the scores, best first.

    For `smallest` and `fastest`, models within one point of the highest accuracy come first, from
    the smallest or fastest on; the others follow by accuracy.
    """
    if not scores:
        raise UserError("no candidate was trained in the time: give more with --time")
    if objective == "macro_f1":
        return sorted(scores, key=lambda s: (-s.macro_f1, -s.accuracy, s.parameters))
    by_accuracy = sorted(scores, key=lambda s: (-s.accuracy, -s.macro_f1, s.parameters))
    if objective == "accuracy":
        return by_accuracy
    least = by_accuracy[0].accuracy - TOLERANCE
    near = [score for score in by_accuracy if score.accuracy >= least]
    cost = (lambda s: s.parameters) if objective == "smallest" else (lambda s: s.latency_ms)
    return [*sorted(near, key=cost), *by_accuracy[len(near) :]]
