"""Surrogate model of training results."""

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
"""Batch size of predictions, which bounds the size of the kernel matrix."""
MOST_CACHED = 200_000

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predictions as arrays of one value per architecture."""

    loss: Values
    """Loss after the last epoch if the training does not diverge: lower is better."""
    std: Values
    """Standard deviation of that loss: loss +- 1.645 std covers 90 % of unseen cells."""
    seconds_per_epoch: Values
    divergence: Values
    """Probability that a run ends without a finite loss."""


@dataclass(frozen=True)
class LossModel:
    """Mean of a Gaussian process and of boosted trees, both on ranks of losses."""

    process: GaussianProcess
    trees: Trees
    scale: RankTransform

    def evidence(self, of: Values) -> Values:
        """Return (cells, 3): predicted rank, difference of both models, similarity.

        Rank 0 is the lowest loss. The similarity is that to the most similar training cell.
        """
        smooth, similarity = self.process.predict(of)
        stepped = self.trees.predict(of)
        return np.column_stack([(smooth + stepped) / 2, abs(smooth - stepped), similarity])


@dataclass(frozen=True)
class ErrorModel:
    """Predicts the size of the loss model's error."""

    trees: Trees
    factor: float
    """Calibration factor: 1.645 standard deviations cover 90 % of held-out cells."""

    def std(self, evidence: Values) -> Values:
        """Return the standard deviation of the loss, given `LossModel.evidence`."""
        return self.factor * np.exp(self.trees.predict(evidence))


@dataclass(frozen=True)
class Surrogate:
    """Predicts the results of any architecture of a space; created by `fit.fit`.

    Predictions are cached by canonical key.
    """

    loss: LossModel
    error: ErrorModel
    divergence: Trees
    training_time: Time
    space: str = CELLS
    metadata: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def lowest_loss(self) -> float:
        """Lowest loss of its training cells, a lower bound of predictions."""
        return float(self.loss.scale.losses[0])

    def predict(self, recipes: Sequence[Any], workers: int | None = None) -> Prediction:
        """Return the predictions. `workers` is the number of processes for a large batch."""
        keys = [recipe.canonical_key for recipe in recipes]
        if len(self._known) > MOST_CACHED:
            self._known.clear()
        new = {k: r for k, r in zip(keys, recipes, strict=True) if k not in self._known}
        names = list(new)
        for first in range(0, len(names), BATCH):
            batch = names[first : first + BATCH]
            rows = self._predict([new[key] for key in batch], workers)
            self._known.update(zip(batch, (row.tobytes() for row in rows), strict=True))
        table = np.frombuffer(b"".join(self._known[key] for key in keys))
        return Prediction(*table.reshape(-1, 4).T)

    def _predict(self, recipes: Sequence[Any], workers: int | None) -> NDArray[np.float64]:
        """Cells x the columns of a prediction."""
        of = features(recipes, workers, self.space)
        evidence = self.loss.evidence(of)
        columns = (
            self.loss.scale.to_loss(evidence[:, 0]),
            self.error.std(evidence),
            self.training_time.seconds_per_epoch(recipes),
            self.divergence.predict(of),
        )
        return np.stack(columns, axis=1)
