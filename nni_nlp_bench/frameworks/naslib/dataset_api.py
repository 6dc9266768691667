"""Adapter of benchmarks to NASLib, which maximises accuracies."""

from __future__ import annotations

import math
from typing import Any

from nni_nlp_bench.benchmarks.base import OK, Benchmark, Curve, LossName, Result
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace

_FIELDS = ("train_loss", "val_loss", "test_loss", "wall_time_s", "status", "epoch", "seed")


class DatasetApi:
    """Benchmark for the argument `dataset_api` of NASLib.

    Accuracies (higher is better) are minus the losses in nats, or scores in points. Values are
    Python floats, NaN if not recorded.

    Args:
        benchmark: Benchmark to query.
        space: Search space of random architectures and mutations.
    """

    def __init__(self, benchmark: Benchmark, space: SearchSpace[Any]) -> None:
        self.benchmark = benchmark
        self.space = space
        self.epochs = benchmark.epochs
        """Epochs of a full training."""

    def result(self, architecture: Any, epochs: int) -> Result:
        """Return the result after a number of epochs.

        Raises:
            BenchmarkError: the benchmark lacks the architecture, or cannot answer.
        """
        return self.benchmark.query(architecture, epochs)

    def labelled(self) -> list[Any]:
        """Return all architectures of the table. Raises UserError if it is not a table."""
        held = self.benchmark.architectures()
        if held is None:
            raise UserError(
                f"{self.benchmark.name} is not a table and has no list of labelled architectures: "
                "do not use load_labeled"
            )
        return list(held)

    def loss(self, result: Result, part: str) -> float:
        """Return the loss on `train`, `val` or `test`; NaN if not recorded.

        `val` is the objective, which is the test loss if no validation loss is recorded. `test` is
        the validation loss if no test loss is recorded.
        """
        objective = self.benchmark.objective
        other: dict[str, tuple[LossName, ...]] = {
            "val": (objective,),
            "test": ("test_loss", "val_loss"),
        }
        names = other.get(part, ("train_loss",))
        recorded = [loss for name in names if (loss := getattr(result, name)) is not None]
        return float(recorded[0]) if recorded else math.nan

    def accuracy(self, result: Result, part: str) -> float:
        """Return the accuracy (higher is better); for failed trainings that of the failure loss."""
        loss = self.loss(result, part)
        failed = result.status != OK or math.isinf(loss)
        return self.as_accuracy(self.benchmark.unit.failure if failed else loss)

    def as_accuracy(self, loss: float) -> float:
        """Return the accuracy of a loss in the unit of the benchmark."""
        return 100 - loss if self.benchmark.unit is LossUnit.POINTS else -loss

    def losses(self, architecture: Any, epochs: int, part: str) -> list[float]:
        """Return the losses of the first epochs. Raises as `result`."""
        curve: Curve = self.benchmark.curve(architecture)
        name = self.benchmark.objective if part == "val" else f"{part}_loss"
        return [float(loss) for loss in getattr(curve, name)[:epochs]]

    def raw(self, result: Result) -> dict[str, Any]:
        """Return all recorded values by name; losses are in the unit of the benchmark."""
        known = {name: getattr(result, name) for name in (*_FIELDS, "origin", "source")}
        return {name: value for name, value in known.items() if value is not None}


def dataset_api(name: str, restrict: bool = False) -> DatasetApi:
    """Return a benchmark as `dataset_api` for NASLib.

    Args:
        name: Name of a benchmark, or folder of a table.
        restrict: Sample and mutate only architectures of the table, as small tables require.

    Raises:
        UserError: the benchmark is unknown or cannot be loaded.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.strategies.search import search_space

    benchmark = load(name)
    return DatasetApi(benchmark, search_space(benchmark, restrict))
