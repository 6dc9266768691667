"""Learning curves of a benchmark as arrays of objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, Benchmark, Curve
from nni_nlp_bench.core.errors import UserError

ELAPSED_TIME = "elapsed_time"
LOSSES = ("train_loss", "val_loss", "test_loss")


class LearningCurves:
    """The objectives of a benchmark's trainings by epoch, as its searches see them.

    Args:
        benchmark: A benchmark that records times.
        metrics: Objectives that need no training.

    Raises:
        UserError: It records no times, or a metric needs a training.
    """

    def __init__(self, benchmark: Benchmark, metrics: Sequence[str]) -> None:
        self.benchmark = benchmark
        self.metrics = tuple(metrics)
        if "training_time" not in benchmark.objectives:
            raise UserError(
                f"{benchmark.name} records no times, which a simulation needs: take a table with "
                "times, such as mini"
            )
        for name in self.metrics:
            objective = benchmark.objectives.get(name)
            if objective is None or objective.requires_training:
                free = (o.name for o in benchmark.objectives.values() if not o.requires_training)
                raise UserError(
                    f"{benchmark.name} knows no {name!r} without a training; "
                    f"it knows: {', '.join(free) or 'nothing'}"
                )
        epochs = benchmark.epochs
        self.epochs = np.arange(1 if benchmark.has_curves else epochs, epochs + 1)
        """Epochs that it answers for."""
        self._losses = _recorded_losses(benchmark)
        self.names = [*self._losses, ELAPSED_TIME, *self.metrics]
        """Names of the objectives, all of which are minimised but for metrics to maximise."""

    def of(self, architecture: Any, seed: int | None = None) -> NDArray[np.float64]:
        """Return the objectives (epochs, objectives) of one run.

        From the epoch in which a training fails, its losses are that of a uniform guess.
        """
        curve = self._curve(architecture, seed)
        seconds = np.cumsum(curve.wall_time_s)
        length = len(seconds)
        values = np.full((len(self.epochs), len(self.names)), self.benchmark.unit.failure)
        finished = length if curve.status == OK else length - 1
        if curve.origin == "predicted" and curve.status != OK:
            finished = 0
        for column, name in enumerate(self._losses):
            losses = getattr(curve, name)[:finished]
            values[:finished, column] = np.where(
                np.isfinite(losses), losses, self.benchmark.unit.failure
            )
        values[:length, len(self._losses)] = seconds
        values[length:, len(self._losses)] = seconds[-1] if length else 0.0
        for column, name in enumerate(self.metrics, len(self._losses) + 1):
            values[:, column] = self.benchmark.known_metric(name, architecture)
        return values

    def _curve(self, architecture: Any, seed: int | None) -> Curve:
        """Return the learning curve, of one point if the benchmark has none."""
        if self.benchmark.has_curves:
            return self.benchmark.curve(architecture, seed)
        result = self.benchmark.query(architecture, None, seed)
        points = {name: np.array([getattr(result, name)], dtype=np.float64) for name in LOSSES}
        return Curve(
            **points,
            wall_time_s=np.array([result.wall_time_s]),
            status=result.status,
            seed=seed or 0,
            origin=result.origin,
            source=result.source,
        )


def _recorded_losses(benchmark: Benchmark) -> list[str]:
    """Return the names of the losses that a benchmark records."""
    held = benchmark.architectures()
    example = benchmark.space.sample(np.random.default_rng(0)) if held is None else held[0]
    result = benchmark.query(example)
    return [name for name in LOSSES if getattr(result, name) is not None]
