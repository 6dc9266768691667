"""Result of a search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.core.pareto import nondominated
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
    objectives: tuple[Objective, ...] = ()
    """The objectives of a search with several, in the order of `Trial.values`."""

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

    def losses(self) -> NDArray[np.float64]:
        """Return the losses (trials, objectives) of a search with several objectives.

        They are on the scale of `Objective.to_loss`; NaN for failed trainings.
        """
        rows = [
            [math.nan] * len(self.objectives)
            if trial.values is None
            else [o.to_loss(v) for o, v in zip(self.objectives, trial.values, strict=True)]
            for trial in self.trials
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, len(self.objectives))

    def pareto_front(self) -> tuple[Trial, ...]:
        """Return the trials that no other dominates, each architecture once.

        They are sorted by the first objective, best first. Without several objectives, that is the
        best trial alone.
        """
        if not self.objectives:
            return () if self.best_trial is None else (self.best_trial,)
        losses = self.losses()
        done = np.flatnonzero(np.isfinite(losses).all(axis=1))
        front = done[nondominated(losses[done])] if len(done) else done
        first = {self.trials[i].key: i for i in reversed(front)}
        order = sorted(first.values(), key=lambda i: (*losses[i], i))
        return tuple(self.trials[i] for i in order)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per trial, with the columns of `trials.csv`."""
        import pandas as pd

        rows = [
            {"strategy": self.strategy, "seed": self.seed, **self.row(trial)}
            for trial in self.trials
        ]
        return pd.DataFrame(rows)

    def row(self, trial: Trial) -> dict[str, Any]:
        """Return a trial as one row of a table, with the values of several objectives."""
        values = trial.values or (None,) * len(self.objectives)
        named = zip((objective.name for objective in self.objectives), values, strict=True)
        row = trial.to_dict()
        return row | {name: value for name, value in named if name not in row}
