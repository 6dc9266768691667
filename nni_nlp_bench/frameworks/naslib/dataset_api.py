"""Results of a benchmark in NASLib's terms: accuracies, of which higher is better."""

from __future__ import annotations

import math
from typing import Any

from nni_nlp_bench.benchmarks.base import OK, Benchmark, Curve, LossName, Result
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace

_FIELDS = ("train_loss", "val_loss", "test_loss", "wall_time_s", "status", "epoch", "seed")


class DatasetApi:
    """What NASLib hands back to `query` as `dataset_api`: a benchmark and the space of its moves.

    NASLib maximises accuracies; here they are minus the losses in nats, and scores of 100 points.
    Values are plain floats, NaN where the benchmark recorded none.
    """

    def __init__(self, benchmark: Benchmark, space: SearchSpace[Any]) -> None:
        self.benchmark = benchmark
        self.space = space
        self.epochs = benchmark.epochs
        """Epochs of a full training."""

    def result(self, architecture: Any, epochs: int) -> Result:
        """The result after so many epochs. Raises MissingArchitectureError, BenchmarkError."""
        return self.benchmark.query(architecture, epochs)

    def labelled(self) -> list[Any]:
        """All architectures of the table, in its order. Raises UserError where there is none."""
        held = self.benchmark.architectures()
        if held is None:
            raise UserError(
                f"{self.benchmark.name} answers for any architecture: it has no list of labelled "
                "ones; leave load_labeled out"
            )
        return list(held)

    def loss(self, result: Result, part: str) -> float:
        """The loss of `train`, `val` or `test`; NaN where none was recorded.

        `val` is what a search minimises, the test loss where no other is recorded; `test` is the
        validation loss where no test loss is.
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
        """Higher is better. A training that failed has the accuracy of a guess, or of no point."""
        loss = self.loss(result, part)
        failed = result.status != OK or math.isinf(loss)
        return self.as_accuracy(self.benchmark.unit.failure if failed else loss)

    def as_accuracy(self, loss: float) -> float:
        """The accuracy of a loss in the benchmark's unit."""
        return 100 - loss if self.benchmark.unit is LossUnit.POINTS else -loss

    def losses(self, architecture: Any, epochs: int, part: str) -> list[float]:
        """The loss of every epoch up to this one. Raises as `result`."""
        curve: Curve = self.benchmark.curve(architecture)
        name = self.benchmark.objective if part == "val" else f"{part}_loss"
        return [float(loss) for loss in getattr(curve, name)[:epochs]]

    def raw(self, result: Result) -> dict[str, Any]:
        """Everything that is known, by name: losses in the benchmark's unit, seconds, status."""
        known = {name: getattr(result, name) for name in (*_FIELDS, "origin", "source")}
        return {name: value for name, value in known.items() if value is not None}


def dataset_api(name: str, restrict: bool = False) -> DatasetApi:
    """The results of a benchmark by its name, or of a table by its folder, for NASLib.

    With `restrict` every move stays on architectures that the table holds, which a table of a few
    hundred needs. Raises UnknownNameError, BenchmarkError.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.strategies.search import search_space

    benchmark = load(name)
    return DatasetApi(benchmark, search_space(benchmark, restrict))
