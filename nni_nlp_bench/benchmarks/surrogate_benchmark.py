"""Benchmark that predicts the results of any architecture with a surrogate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import (
    OK,
    Benchmark,
    BenchmarkError,
    LossName,
    Result,
)
from nni_nlp_bench.benchmarks.units import LossUnit

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.surrogate.training_time import Time

LIKELY = 0.5
DIVERGES = "predicted to diverge"


class Prediction(Protocol):
    """Predictions as arrays of one value per architecture."""

    @property
    def loss(self) -> NDArray[np.float64]:
        """Loss after the last epoch, in the unit of the measured losses: lower is better."""

    @property
    def std(self) -> NDArray[np.float64]:
        """Standard deviation of the loss."""

    @property
    def seconds_per_epoch(self) -> NDArray[np.float64]:
        """Training time; NaN if unknown."""

    @property
    def divergence(self) -> NDArray[np.float64]:
        """Probability that a training diverges."""


class Predictor(Protocol):
    """Interface of surrogates."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Training data and cross-validated metrics."""

    @property
    def lowest_loss(self) -> float:
        """Lower bound of predicted losses."""

    def predict(self, recipes: Sequence[Any]) -> Prediction:
        """Return the predictions, in the order of the architectures."""


class SurrogateBenchmark(Benchmark):
    """Predicted losses after a full training, with their uncertainty.

    If a training more likely diverges than not, the status is `predicted to diverge`; the loss is
    that of a training that does not diverge.
    """

    def __init__(
        self,
        name: str,
        predictor: Predictor,
        objective: LossName = "test_loss",
        epochs: int = 50,
        unit: LossUnit = LossUnit.NATS,
        space: str = "rnn_cell",
    ) -> None:
        super().__init__(name, space, objective, unit, epochs, has_curves=False)
        self.predictor = predictor

    @property
    def lowest_loss(self) -> float:
        """Lower bound of predicted losses."""
        return self.predictor.lowest_loss

    @property
    def digest(self) -> str | None:
        """SHA-256 of the saved model; None for a surrogate that was not loaded from files."""
        digest: str | None = self.predictor.metadata.get("sha256")
        return digest

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        """Return the prediction after the last epoch, including `wall_time_s`.

        Raises BenchmarkError for another epoch or a seed.
        """
        if epoch not in (None, self.epochs):
            raise BenchmarkError(f"{self._no_curves()}: ask for epoch {self.epochs}, not {epoch}")
        if seed is not None:
            raise BenchmarkError(f"{self.name} does not distinguish runs: it has no seed {seed}")
        return self.query_all([architecture])[0]

    def query_all(self, architectures: Sequence[Any]) -> list[Result]:
        """Return the predictions of many architectures: much faster than one by one."""
        of = self.predictor.predict(architectures)
        columns = (of.loss, of.std, of.seconds_per_epoch, of.divergence)
        return [self._result(*map(float, row)) for row in zip(*columns, strict=True)]

    def _result(
        self, loss: float, std: float, seconds_per_epoch: float, divergence: float
    ) -> Result:
        return Result(
            train_loss=None,
            val_loss=loss if self.objective == "val_loss" else None,
            test_loss=loss if self.objective == "test_loss" else None,
            wall_time_s=self.epochs * seconds_per_epoch,
            status=OK if divergence < LIKELY else DIVERGES,
            epoch=self.epochs,
            seed=None,
            origin="predicted",
            source=self.name,
            std=std,
        )

    def _no_curves(self) -> str:
        return f"{self.name} predicts the final loss and has no curves"


def surrogate_of(table: Benchmark, workers: int | None = None) -> SurrogateBenchmark:
    """Fit a surrogate to the final losses of a table. Raises BenchmarkError.

    `workers` is the number of processes, by default all available CPUs.
    """
    from nni_nlp_bench.benchmarks.surrogate.fit import fit

    held = table.architectures()
    if held is None:
        raise BenchmarkError(f"{table.name} answers for any architecture: it needs no surrogate")
    runs = [(cell, table.query(cell, None, seed)) for cell in held for seed in table.seeds(cell)]
    finished = [(cell, result) for cell, result in runs if result.status == OK]
    losses = [
        getattr(result, table.objective) if result.status == OK else math.nan for _, result in runs
    ]
    model = fit(
        [cell for cell, _ in runs],
        np.array(losses),
        space=table.space_name,
        training_time=_time(table.space_name, finished),
        workers=workers,
    )
    name, objective = f"surrogate of {table.name}", table.objective
    return SurrogateBenchmark(name, model, objective, table.epochs, table.unit, table.space_name)


def _time(space: str, finished: Sequence[tuple[Any, Result]]) -> Time:
    """Fit a model of the training time; it predicts NaN if a time is unknown."""
    from nni_nlp_bench.benchmarks.surrogate.features import CELLS
    from nni_nlp_bench.benchmarks.surrogate.training_time import (
        PTB_TIME,
        EncodedTime,
        TrainingTime,
    )

    architectures = [architecture for architecture, _ in finished]
    seconds = np.array([result.wall_time_s / result.epoch for _, result in finished])
    if space != CELLS:
        return EncodedTime.fit(space, architectures, seconds)
    if np.isfinite(seconds).all():
        return TrainingTime.fit(architectures, seconds)
    return PTB_TIME.scaled(math.nan)
