"""Result of a search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.evaluators.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SearchResult:
    """The trials of one search, in order."""

    strategy: str
    """Name of the strategy, with options that are not the defaults."""
    seed: int
    trials: tuple[Trial, ...]
    exhausted: bool = False
    """Whether the search ended because every architecture of the table had a full training."""

    @property
    def best_trial(self) -> Trial | None:
        """The trial with the lowest objective loss; None if no training succeeded."""
        finished = [trial for trial in self.trials if not trial.failed]
        return max(finished, key=lambda trial: trial.score, default=None)

    @property
    def best_architecture(self) -> Any:
        """The architecture of the best trial; None if no training succeeded."""
        return None if self.best_trial is None else self.best_trial.evaluated

    @property
    def best_loss(self) -> float:
        """Objective loss of the best trial; NaN if no training succeeded."""
        return math.nan if self.best_trial is None else -self.best_trial.score

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per trial, with the columns of `trials.csv`."""
        import pandas as pd

        rows = [
            {"strategy": self.strategy, "seed": self.seed, **trial.to_dict()}
            for trial in self.trials
        ]
        return pd.DataFrame(rows)
