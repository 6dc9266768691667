"""Values of the objectives of a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError
from nni_nlp_bench.benchmarks.objectives import Direction
from nni_nlp_bench.evaluators.trial import Trial


@dataclass(frozen=True)
class ObjectiveValues:
    """The objectives of a study on a benchmark, in order."""

    benchmark: Benchmark
    names: tuple[str, ...]

    @classmethod
    def of(cls, benchmark: Benchmark, names: Sequence[str]) -> ObjectiveValues:
        """Return the objectives of those names, by default the loss. Raises BenchmarkError."""
        known = benchmark.objectives
        for name in names:
            if name not in known:
                raise BenchmarkError(
                    f"{benchmark.name} has no objective {name!r}; it has: {', '.join(known)}"
                )
        return cls(benchmark, tuple(names) or (benchmark.objective,))

    @property
    def directions(self) -> list[Direction]:
        """Direction of each objective."""
        known = self.benchmark.objectives
        return [known[name].direction for name in self.names]

    @property
    def is_loss(self) -> bool:
        """Whether the only objective is the loss or its metric, such as the perplexity."""
        bench = self.benchmark
        return self.names in ((bench.objective,), (bench.unit.metric,))

    def values(self, evaluated: Trial) -> tuple[float, ...]:
        """Return the value of each objective, in its unit and direction.

        A failed training has the loss of a uniform guess, and NaN for other objectives.

        Raises:
            BenchmarkError: A value is unknown for this architecture.
        """
        bench, loss = self.benchmark, -evaluated.score
        if evaluated.failed and not self.is_loss:
            return (math.nan,) * len(self.names)
        if evaluated.failed:
            return (loss if self.names[0] == bench.objective else bench.unit.to_metric(loss),)
        architecture, result = evaluated.evaluated, evaluated.result
        return tuple(bench.value(name, architecture, result) for name in self.names)
