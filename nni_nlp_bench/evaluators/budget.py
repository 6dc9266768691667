"""Budget of a search, and the budget used."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from nni_nlp_bench.core.errors import UserError


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a search; None for no limit.

    A training that starts within the limits is completed.
    """

    evaluations: int | None = None
    epochs: int | None = None
    """Epochs of training, summed over all evaluations."""
    hours: float | None = None
    """Hours of simulated wall clock."""

    def __post_init__(self) -> None:
        for field in fields(self):
            limit = getattr(self, field.name)
            if limit is not None and not 0 < limit < math.inf:
                raise UserError(
                    f"a budget of {limit} {field.name} is empty or has no end: "
                    "give a positive number"
                )

    def __str__(self) -> str:
        """Return the limits as text, such as `100 evaluations, 5,000 epochs`."""
        limits = []
        if self.evaluations is not None:
            limits.append(f"{self.evaluations:,} evaluations")
        if self.epochs is not None:
            limits.append(f"{self.epochs:,} epochs")
        if self.hours is not None:
            limits.append(f"{self.hours:,.6g} simulated hours")
        return ", ".join(limits) or "no limit"

    def share(self, evaluations: int, epochs: int, hours: float) -> float:
        """Return the fraction of the budget used, in [0, 1]: the maximum over all limits.

        NaN if the hours are unknown.
        """
        spent = (
            (evaluations, self.evaluations),
            (epochs, self.epochs),
            (0.0 if math.isnan(hours) else hours, self.hours),
        )
        return min(
            1.0, max((used / limit for used, limit in spent if limit is not None), default=0.0)
        )


@dataclass(frozen=True, slots=True)
class BudgetUsed:
    """Counters of a search."""

    evaluations: int = 0
    epochs: int = 0
    hours: float = 0.0
    """Simulated hours until the end of the last training; NaN if times are unknown."""
    distinct: int = 0
    """Number of distinct architectures."""
    failed: int = 0
    """Number of failed trainings."""
    predicted: int = 0
    """Number of predicted results."""
    replaced: int = 0
    """Number of results of nearest architectures."""
