"""What the losses of a benchmark are measured in."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

_LARGEST_LOSS = math.log(sys.float_info.max)


class LossUnit(StrEnum):
    """A unit of losses, by the name that tables write; lower losses are better in each.

    Readers know a loss by its figure: the perplexity of nats, the score that points lack to 100.
    """

    NATS = "nats per token"
    POINTS = "points below 100"

    @property
    def short(self) -> str:
        """After a number: `nats`, `points`."""
        return self.partition(" ")[0]

    @property
    def target(self) -> float:
        """A search has arrived when its incumbent is within so much of the reference."""
        return 0.02 if self is LossUnit.NATS else 0.5

    @property
    def target_words(self) -> str:
        """The target with its unit: `.02 nats`, `.5 points`."""
        return f"{self.target:g} {self.short}".removeprefix("0")

    @property
    def of_regret(self) -> str:
        """The unit of a difference: `nats per token`, `points`."""
        return self.value if self is LossUnit.NATS else self.short

    @property
    def failure(self) -> float:
        """The loss of a training that failed: a uniform guess over PTB's words, or a score of 0."""
        return math.log(10_000) if self is LossUnit.NATS else 100.0

    @property
    def figure(self) -> str:
        """Name of the figure: `perplexity`, of which lower is better, or `score`, higher."""
        return "perplexity" if self is LossUnit.NATS else "score"

    @property
    def legend(self) -> str:
        """The figure's heading in tables, and what it is."""
        if self is LossUnit.NATS:
            return "ppl: test perplexity, lower is better"
        return "score: of 100 points, higher is better"

    def figure_of(self, loss: float) -> float:
        """The figure of a loss; a perplexity is infinite where it exceeds every number."""
        if self is LossUnit.POINTS:
            return 100 - loss
        return math.inf if loss > _LARGEST_LOSS else math.exp(loss)


SHORT_UNITS = {unit.short: unit for unit in LossUnit}


def rename_metric_keys(values: Mapping[str, Any], figure: str) -> dict[str, Any]:
    """The values for files and machines: `best_perplexity` in the place of `best_figure`."""
    return {name.replace("figure", figure): value for name, value in values.items()}
