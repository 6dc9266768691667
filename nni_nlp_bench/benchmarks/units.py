"""Units of losses, and the metrics that are shown for them."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

_LARGEST_LOSS = math.log(sys.float_info.max)


class LossUnit(StrEnum):
    """Unit of a loss; the value is its name in tables. Lower losses are better in each.

    Each unit has a metric that reports show: the perplexity of a loss in nats, or the score
    (100 - loss) of a loss in points.
    """

    NATS = "nats per token"
    POINTS = "points below 100"

    @property
    def short(self) -> str:
        """Abbreviation that follows a number: `nats` or `points`."""
        return self.partition(" ")[0]

    @property
    def target(self) -> float:
        """Largest regret at which a search has reached the target."""
        return 0.02 if self is LossUnit.NATS else 0.5

    @property
    def target_words(self) -> str:
        """The target with its unit: `.02 nats`, `.5 points`."""
        return f"{self.target:g} {self.short}".removeprefix("0")

    @property
    def of_regret(self) -> str:
        """Unit of a difference of losses: `nats per token` or `points`."""
        return self.value if self is LossUnit.NATS else self.short

    @property
    def largest(self) -> float:
        """Largest possible loss: the largest float32 of a diverged training, or -100 points."""
        return 3.5e38 if self is LossUnit.NATS else 200.0

    @property
    def failure(self) -> float:
        """Loss of a failed training: a uniform guess over PTB's words, or a score of 0."""
        return math.log(10_000) if self is LossUnit.NATS else 100.0

    @property
    def metric(self) -> str:
        """Name of the metric: `perplexity` (lower is better) or `score` (higher is better)."""
        return "perplexity" if self is LossUnit.NATS else "score"

    @property
    def legend(self) -> str:
        """Column heading of the metric, and its definition."""
        if self is LossUnit.NATS:
            return "ppl: test perplexity, lower is better"
        return "score: of 100 points, higher is better"

    def to_metric(self, loss: float) -> float:
        """Return the metric of a loss; a perplexity that overflows a float is infinite."""
        if self is LossUnit.POINTS:
            return 100 - loss
        return math.inf if loss > _LARGEST_LOSS else math.exp(loss)


SHORT_UNITS = {unit.short: unit for unit in LossUnit}


def rename_metric_keys(values: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Return the values with the metric's name in their keys: `best_perplexity`, not `best_metric`.

    Args:
        values: Values by name, such as a row of a ranking.
        metric: Name of the metric, such as `perplexity`.
    """
    return {name.replace("metric", metric): value for name, value in values.items()}
