"""The surrogate: predicted results of any cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.surrogate.features import CELLS, features
from nni_nlp_bench.benchmarks.surrogate.gaussian_process import GaussianProcess
from nni_nlp_bench.benchmarks.surrogate.rank_transform import RankTransform
from nni_nlp_bench.benchmarks.surrogate.training_time import Time
from nni_nlp_bench.benchmarks.surrogate.trees import Trees

BATCH = 4096
"""Cells predicted at once: the kernel to all training cells is held for each."""
MOST_CACHED = 200_000

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Arrays of one value a recipe, in their order."""

    loss: Values
    """Loss after the last epoch if the training does not diverge: lower is better."""
    std: Values
    """Standard deviation of that loss: loss +- 1.645 std covers 90 % of unseen cells."""
    seconds_per_epoch: Values
    divergence: Values
    """Probability that a run ends without a finite loss."""


@dataclass(frozen=True)
class LossModel:
    """Predicts the loss: the mean of a Gaussian process and of trees, both on ranks of losses."""

    process: GaussianProcess
    trees: Trees
    scale: RankTransform

    def evidence(self, of: Values) -> Values:
        """Cells x 3, from features: predicted rank, how far the two models differ, likeness.

        Rank 0 is the lowest loss. Likeness is that to the most similar training cell.
        """
        smooth, likeness = self.process.predict(of)
        stepped = self.trees.predict(of)
        return np.column_stack([(smooth + stepped) / 2, abs(smooth - stepped), likeness])


@dataclass(frozen=True)
class ErrorModel:
    """Predicts the size of the loss model's error."""

    trees: Trees
    factor: float
    """Makes 1.645 standard deviations cover 90 % of held-out cells."""

    def std(self, evidence: Values) -> Values:
        """Standard deviation of the loss, from `LossModel.evidence`."""
        return self.factor * np.exp(self.trees.predict(evidence))


@dataclass(frozen=True)
class Surrogate:
    """Predicts the results of any architecture of a space; see `fit.fit` for how it is made.

    Predictions are remembered by canonical key: cells seen before cost a look-up.
    """

    loss: LossModel
    error: ErrorModel
    divergence: Trees
    training_time: Time
    space: str = CELLS
    metadata: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[str, tuple[float, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def lowest_loss(self) -> float:
        """That of its training cells: it never predicts a lower one."""
        return float(self.loss.scale.losses[0])

    def predict(self, recipes: Sequence[Any], workers: int | None = None) -> Prediction:
        """Predict every recipe. `workers` processes share a large batch: all by default."""
        keys = [recipe.canonical_key for recipe in recipes]
        if len(self._known) > MOST_CACHED:
            self._known.clear()
        new = {k: r for k, r in zip(keys, recipes, strict=True) if k not in self._known}
        names = list(new)
        for first in range(0, len(names), BATCH):
            batch = names[first : first + BATCH]
            rows = self._predict([new[key] for key in batch], workers)
            self._known.update(zip(batch, rows, strict=True))
        table = np.array([self._known[key] for key in keys], dtype=np.float64)
        return Prediction(*table.reshape(-1, 4).T)

    def _predict(self, recipes: Sequence[Any], workers: int | None) -> list[tuple[float, ...]]:
        of = features(recipes, workers, self.space)
        evidence = self.loss.evidence(of)
        columns = (
            self.loss.scale.to_loss(evidence[:, 0]),
            self.error.std(evidence),
            self.training_time.seconds_per_epoch(recipes),
            self.divergence.predict(of),
        )
        return list(zip(*(column.tolist() for column in columns), strict=True))
