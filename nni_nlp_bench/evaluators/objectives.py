"""The objectives of a search with several: values of evaluated architectures, and what is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError, Result
from nni_nlp_bench.benchmarks.objectives import Objective

_ALIASES = {"valid_loss": "val_loss"}


@dataclass(frozen=True)
class SearchObjectives:
    """The objectives of one search, in order."""

    benchmark: Benchmark
    objectives: tuple[Objective, ...]

    @classmethod
    def of(cls, benchmark: Benchmark, names: Sequence[str]) -> SearchObjectives:
        """Return the objectives of those names.

        Raises:
            BenchmarkError: The benchmark lacks one of them, or there are not several.
        """
        wanted = [_ALIASES.get(name, name) for name in names]
        known = benchmark.objectives
        for name in wanted:
            if name not in known:
                raise BenchmarkError(
                    f"{benchmark.name} has no objective {name!r}; it has: {', '.join(known)}"
                )
        if len(set(wanted)) < max(2, len(wanted)):
            raise BenchmarkError(
                f"{len(set(wanted))} objectives named {len(wanted)} times: give several different "
                f"ones, or none to minimise the {benchmark.objective}"
            )
        return cls(benchmark, tuple(known[name] for name in wanted))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return tuple(objective.name for objective in self.objectives)

    def values(self, architecture: Any, result: Result) -> tuple[float, ...]:
        """Return the values of an evaluated architecture, in units and directions of their own.

        Raises:
            BenchmarkError: One of them is unknown for this architecture.
        """
        found = tuple(self.benchmark.value(name, architecture, result) for name in self.names)
        for name, value in zip(self.names, found, strict=True):
            if not math.isfinite(value):
                raise BenchmarkError(f"{result.source} records no {name} of this architecture")
        return found

    def losses(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Return values as losses: lower is better, positive amounts as logarithms."""
        pairs = zip(self.objectives, values, strict=True)
        return np.array([objective.to_loss(value) for objective, value in pairs])

    def known_losses(self, architecture: Any) -> NDArray[np.float64]:
        """Return the losses of an architecture that need no training; NaN for the others."""
        known = self.benchmark.known_metric
        return np.array(
            [
                math.nan if o.requires_training else o.to_loss(known(o.name, architecture))
                for o in self.objectives
            ]
        )
