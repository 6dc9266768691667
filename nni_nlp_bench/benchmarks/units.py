"""Units of losses, and the metrics that are shown for them."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Self

_LARGEST_LOSS = math.log(sys.float_info.max)


class LossUnit(StrEnum):
    """Unit of a loss; the value is its name in tables. Lower losses are better in each.

    Each unit has a metric that reports show: the perplexity of a loss in nats, the score
    (100 - loss) of a loss in points, or an error rate in percent.
    """

    short: str
    """Abbreviation that follows a number: `nats`, `points` or `errors`."""
    target: float
    """Largest regret at which a search has reached the target."""
    largest: float
    """Largest possible loss: the largest float32 of a diverged training, -100 points, or 100 wrong
    phonemes for each right one."""
    failure: float
    """Loss of a failed training: a uniform guess over PTB's words, a score of 0, or no phoneme
    recognised."""
    metric: str
    """Name of the metric: `perplexity`, `score` or `error_percent`."""
    metric_direction: Literal["minimize", "maximize"]
    """Whether lower or higher values of the metric are better."""
    legend: str
    """Column heading of the metric, and its definition."""

    # fmt: off
    NATS = (
        "nats per token", "nats", 0.02, 3.5e38, math.log(10_000),
        "perplexity", "minimize", "ppl: test perplexity, lower is better",
    )
    POINTS = (
        "points below 100", "points", 0.5, 200.0, 100.0,
        "score", "maximize", "score: of 100 points, higher is better",
    )
    ERRORS = (
        "errors per phoneme", "errors", 0.005, 100.0, 1.0,
        "error_percent", "minimize", "PER: phoneme error rate in percent, lower is better",
    )
    # fmt: on

    def __new__(cls, value: str, *details: Any) -> Self:
        """Return the member of a value, with its attributes in the order of their declaration."""
        unit = str.__new__(cls, value)
        unit._value_ = value
        unit.short, unit.target, unit.largest, unit.failure, *of_metric = details
        unit.metric, unit.metric_direction, unit.legend = of_metric
        return unit

    @property
    def target_words(self) -> str:
        """The target with its unit: `.02 nats`, `.5 points`, `.005 errors`."""
        return f"{self.target:g} {self.short}".removeprefix("0")

    @property
    def of_regret(self) -> str:
        """Unit of a difference of losses: `nats per token`, `points` or `errors per phoneme`."""
        return self.short if self is LossUnit.POINTS else self.value

    def to_metric(self, loss: float) -> float:
        """Return the metric of a loss; a perplexity that overflows a float is infinite."""
        if self is LossUnit.POINTS:
            return 100 - loss
        if self is LossUnit.ERRORS:
            return 100 * loss
        return math.inf if loss > _LARGEST_LOSS else math.exp(loss)


SHORT_UNITS = {unit.short: unit for unit in LossUnit}


def rename_metric_keys(values: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Return the values with the metric's name in their keys: `best_perplexity`, not `best_metric`.

    Args:
        values: Values by name, such as a row of a ranking.
        metric: Name of the metric, such as `perplexity`.
    """
    return {name.replace("metric", metric): value for name, value in values.items()}
