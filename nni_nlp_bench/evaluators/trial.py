"""What one evaluation in a search gave, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.benchmarks.base import Result


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation. Scores: higher is better; losses: lower is better."""

    index: int
    """Position in the search, from 0."""
    architecture: Any
    evaluated: Any
    """The architecture whose result this is: another one only under the miss policy `nearest`."""
    result: Result
    score: float
    """Minus the objective loss; a failed training scores as a uniform guess."""
    epochs_trained: int
    """Epochs charged: those beyond the checkpoint that an earlier trial left."""
    start_s: float
    end_s: float
    """Simulated time of this training, in seconds since the search began."""

    @property
    def failed(self) -> bool:
        """Whether the training broke off."""
        return self.result.status != "OK"
