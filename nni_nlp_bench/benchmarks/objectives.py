"""Quantities that a search can minimise or maximise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError

Direction = Literal["minimize", "maximize"]
PARAMETERS = "parameters"
TRAINING_TIME = "training_time"
_OF_BENCHMARKS = {
    *("train_loss", "val_loss", "valid_loss", "test_loss", "wall_time_s", "num_params", "epoch"),
    *("seed", "std", "status", PARAMETERS, TRAINING_TIME),
    *(unit.metric for unit in LossUnit),
}
"""Names that no recorded metric can have."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A quantity of an architecture: a loss, or a metric such as parameters or latency.

    >>> latency = Objective("latency", "ms", requires_training=False)
    >>> str(latency)
    'latency (ms)'
    """

    name: str
    unit: str = ""
    """Unit of the values; empty for pure numbers."""
    direction: Direction = "minimize"
    requires_training: bool = True
    """Whether the value is unknown before a training, unlike parameters or latency."""

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def is_log(self) -> bool:
        """Whether values are compared on a logarithmic scale: amounts, but not losses or scores."""
        return self.direction == "minimize" and not self.name.endswith("_loss")

    def to_loss(self, value: float) -> float:
        """Return the value as a loss: lower is better.

        That is its natural logarithm (`is_log`), its negative if it is maximised, or itself.

        Raises:
            UserError: The logarithm of a value that is not positive is needed.
        """
        if not self.is_log:
            return value if self.direction == "minimize" else -value
        if value <= 0:
            raise UserError(f"the {self.name} is {value:g}: amounts to minimise must be positive")
        return math.log(value)

    def from_loss(self, loss: float) -> float:
        """Return the value of a loss: the inverse of `to_loss`."""
        if self.is_log:
            return math.exp(loss)
        return loss if self.direction == "minimize" else -loss


def check_metric(metric: Objective) -> None:
    """Raise UserError for a recorded metric with the name of something else, or no name."""
    if not metric.name.isidentifier() or metric.name in _OF_BENCHMARKS:
        raise UserError(
            f"a metric cannot be named {metric.name[:40]!r}: take letters, digits and underscores, "
            "and none of a benchmark's own names, such as val_loss or parameters"
        )
    if metric.direction not in ("minimize", "maximize"):
        raise UserError(f"{metric.name}: direction {metric.direction!r}: minimize or maximize")


def loss_objectives(loss: str, unit: LossUnit) -> tuple[Objective, Objective]:
    """Return the loss of that name and the metric of its unit, such as the perplexity."""
    of_metric = {LossUnit.POINTS: "points", LossUnit.ERRORS: "%"}.get(unit, "")
    metric = Objective(unit.metric, of_metric, unit.metric_direction)
    return Objective(loss, unit.value), metric
