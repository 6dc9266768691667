"""A benchmark as a NePS pipeline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.benchmarks.base import OK, Benchmark, Result
from nni_nlp_bench.strategies.search import search_space

if TYPE_CHECKING:
    from neps import PipelineSpace

EPOCHS = "epochs"


class BenchmarkPipeline:
    """Evaluations of a benchmark for NePS: see `nni_nlp_bench.frameworks.neps.pipeline`."""

    def __init__(self, benchmark: Benchmark, seed: int | None, options: Mapping[str, Any]) -> None:
        space = search_space(benchmark, restrict=benchmark.size is not None)
        self.benchmark = benchmark
        self.seed = seed
        self.choices = space.choices(**options)

    def space(self) -> PipelineSpace:
        """Return the pipeline space."""
        import neps

        space = neps.PipelineSpace()
        for label, values in self.choices.categoricals.items():
            setattr(space, label, neps.Categorical(tuple(values)))
        if self.benchmark.has_curves:
            setattr(space, EPOCHS, neps.IntegerFidelity(1, self.benchmark.epochs))
        return space

    def evaluate(self, **configuration: Any) -> dict[str, Any]:
        """Return the evaluation of a configuration, for `evaluate_pipeline`."""
        epochs = configuration.pop(EPOCHS, None)
        architecture = self.choices.from_sample(configuration)
        result = self.benchmark.query(architecture, epochs, self.seed)
        information = {
            "architecture": architecture.to_json(),
            "status": result.status,
            "origin": result.origin,
            "source": result.source,
        }
        if result.test_loss is not None:
            information["test_loss"] = result.test_loss
        evaluation: dict[str, Any] = {
            "objective_to_minimize": self._loss(result),
            "info_dict": information,
        }
        if math.isfinite(result.wall_time_s):
            evaluation["cost"] = result.wall_time_s
        return evaluation

    def _loss(self, result: Result) -> float:
        loss: float | None = getattr(result, self.benchmark.objective)
        if result.status != OK or loss is None or not math.isfinite(loss):
            return self.benchmark.unit.failure
        return loss
