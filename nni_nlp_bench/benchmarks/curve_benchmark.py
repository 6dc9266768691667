"""Benchmark that predicts the learning curves of any architecture with a surrogate."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, Benchmark, BenchmarkError, Curve, Result
from nni_nlp_bench.benchmarks.surrogate_benchmark import DIVERGES, LIKELY, RUNS
from nni_nlp_bench.benchmarks.units import LossUnit

if TYPE_CHECKING:
    from nni_nlp_bench.benchmarks.surrogate.curve_model import CurveSurrogate


class CurveSurrogateBenchmark(Benchmark):
    """Predicted losses and times after every epoch, for any architecture.

    A query without a seed returns the expected losses, and one with a seed those of a run. If a
    training more likely diverges than not, the status is `predicted to diverge`; the losses are
    those of a training that does not diverge.
    """

    def __init__(self, name: str, predictor: CurveSurrogate, space: str = "rnn_cell") -> None:
        super().__init__(name, space, "val_loss", LossUnit.NATS, predictor.epochs, has_curves=True)
        self.predictor = predictor

    @property
    def lowest_loss(self) -> float:
        """Lowest known final test loss, the reference of regrets."""
        return self.predictor.lowest_loss

    @property
    def digest(self) -> str:
        """SHA-256 of the saved models of curves and of final losses."""
        models = (self.predictor, self.predictor.final)
        return sha256("".join(of.metadata["sha256"] for of in models).encode()).hexdigest()

    def seeds(self, architecture: Any) -> Sequence[int]:
        """Return a few runs."""
        return range(RUNS)

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        """Return the prediction after an epoch. Raises BenchmarkError for an epoch out of range."""
        last = self.epochs if epoch is None else epoch
        if not 1 <= last <= self.epochs:
            raise BenchmarkError(f"{self.name} has no epoch {last}: it has 1 to {self.epochs}")
        of = self.predictor.predict([architecture])
        val, test, train = self._losses(architecture, seed, of.losses[0])[:, last - 1].tolist()
        return Result(
            train_loss=train,
            val_loss=val,
            test_loss=test,
            wall_time_s=round(last * float(of.seconds_per_epoch[0]), 6),
            status=_status(float(of.divergence[0])),
            epoch=last,
            seed=seed,
            origin="predicted",
            source=self.name,
            std=float(of.std[0, last - 1]),
        )

    def curve(self, architecture: Any, seed: int | None = None) -> Curve:
        """Return all epochs of the run, by default the first."""
        run = seed or 0
        of = self.predictor.predict([architecture])
        val, test, train = self._losses(architecture, run, of.losses[0])
        return Curve(
            train_loss=train,
            val_loss=val,
            test_loss=test,
            wall_time_s=np.full(self.epochs, of.seconds_per_epoch[0]),
            status=_status(float(of.divergence[0])),
            seed=run,
            origin="predicted",
            source=self.name,
        )

    def extrapolate(
        self, architecture: Any, val_loss: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the expected validation loss after every epoch, and its standard deviation.

        Args:
            architecture: An architecture of the space.
            val_loss: Losses of the first epochs of a training, in nats.
        """
        if len(val_loss) > self.epochs:
            raise BenchmarkError(f"{len(val_loss)} epochs are more than {self.epochs}")
        return self.predictor.extrapolate(architecture, np.asarray(val_loss, dtype=np.float64))

    def _losses(
        self, architecture: Any, seed: int | None, expected: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        if seed is None:
            return expected
        if seed < 0:
            raise BenchmarkError(f"runs are numbered from 0: {self.name} has no seed {seed}")
        return self.predictor.run(architecture, seed)


def _status(divergence: float) -> str:
    return OK if divergence < LIKELY else DIVERGES
