"""A surrogate as a benchmark: any cell is answered, by prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError, Curve, LossName, Result
from search_spaces.rnn_cell import Recipe


class Prediction(Protocol):
    """Arrays of one value a recipe."""

    @property
    def loss(self) -> NDArray[np.float64]:
        """Test loss after the last epoch, nats per token: lower is better."""

    @property
    def std(self) -> NDArray[np.float64]:
        """Standard deviation of that loss."""

    @property
    def seconds_per_epoch(self) -> NDArray[np.float64]:
        """Training time."""


class Predictor(Protocol):
    """What a surrogate must do."""

    def predict(self, recipes: Sequence[Recipe]) -> Prediction:
        """The prediction of every recipe, in their order."""


class SurrogateBenchmark:
    """The predicted test loss of cells after a full training, with its uncertainty."""

    space = "rnn_cell"
    objective: LossName = "test_loss"
    epochs = 50
    has_curves = False

    def __init__(self, name: str, predictor: Predictor) -> None:
        self.name = name
        self.predictor = predictor

    def query(
        self, architecture: Recipe, epoch: int | None = None, seed: int | None = None
    ) -> Result:
        """The prediction after the last epoch. Raises BenchmarkError for another epoch or a seed.

        Its `wall_time_s` is predicted as well.
        """
        if epoch not in (None, self.epochs):
            raise BenchmarkError(f"{self._no_curves()}: ask for epoch {self.epochs}, not {epoch}")
        if seed is not None:
            raise BenchmarkError(f"{self.name} tells no runs apart: it has no seed {seed}")
        return self.query_all([architecture])[0]

    def query_all(self, architectures: Sequence[Recipe]) -> list[Result]:
        """The predictions of many cells: much faster than one by one."""
        predicted = self.predictor.predict(architectures)
        columns = (predicted.loss, predicted.std, predicted.seconds_per_epoch)
        return [
            Result(
                train_loss=None,
                val_loss=None,
                test_loss=float(loss),
                wall_time_s=self.epochs * float(seconds_per_epoch),
                status=OK,
                epoch=self.epochs,
                seed=None,
                origin="predicted",
                source=self.name,
                std=float(std),
            )
            for loss, std, seconds_per_epoch in zip(*columns, strict=True)
        ]

    def curve(self, architecture: Recipe, seed: int | None = None) -> Curve:
        """Raises BenchmarkError: there are no curves."""
        raise BenchmarkError(f"{self._no_curves()}: take a table such as nas-bench-nlp/wikitext-2")

    def seeds(self, architecture: Recipe) -> Sequence[int]:
        """No runs are told apart."""
        return ()

    def architectures(self) -> None:
        """None: any cell is answered."""

    def _no_curves(self) -> str:
        return f"{self.name} predicts the final loss and has no curves"
