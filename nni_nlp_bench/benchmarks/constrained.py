"""A benchmark restricted to the architectures that meet constraints, such as a band of sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError, Curve, Result, lowest_loss_of
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace
from search_spaces.constrained import ConstrainedSpace

_NUMBER = r"[0-9.]+(?:e[+-]?[0-9]+)?"
_BOUND = re.compile(rf"\s*(\w+)\s*(<=|>=)\s*({_NUMBER})\s*", re.IGNORECASE)
_BAND = re.compile(rf"\s*(\w+)\s*=\s*({_NUMBER})\s*(?:±|\+-)\s*({_NUMBER})\s*%\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Constraint:
    """Bounds on an objective that needs no training; both are included."""

    name: str
    low: float
    high: float
    text: str
    """As it was written, without spaces."""

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Read `parameters<=2e7`, `latency>=5` or the band `parameters=2e7+-10%`.

        Raises:
            UserError: It is none of these.

        >>> Constraint.parse("parameters=2e7+-10%").high
        22000000.0
        """
        short = "".join(text.split()).replace("±", "+-")
        try:
            if bound := _BOUND.fullmatch(text):
                name, sign, limit = bound.groups()
                low, high = (-np.inf, float(limit)) if sign == "<=" else (float(limit), np.inf)
                return cls(name, low, high, short)
            if band := _BAND.fullmatch(text):
                name, middle, share = band.groups()
                tenth = float(middle) * float(share) / 100
                return cls(name, float(middle) - tenth, float(middle) + tenth, short)
        except ValueError:  # such as 1.2.3
            pass
        raise UserError(
            f"constraint {text[:60]!r}: write NAME<=NUMBER, NAME>=NUMBER, or a band such as "
            "parameters=2e7+-10%"
        )


def constrain(benchmark: Benchmark, constraints: str | Sequence[str]) -> Benchmark:
    """Return the benchmark, restricted to the architectures that meet all constraints.

    An architecture whose value is unknown does not meet a constraint on it.

    Args:
        benchmark: Any benchmark.
        constraints: One or more constraints on objectives that need no training, see
            `Constraint.parse`; empty for the benchmark itself.

    Raises:
        UserError: A constraint cannot be read, or no architecture of the table meets all.

    >>> import nni_nlp_bench as nb
    >>> small = constrain(nb.load("mini"), "parameters<=80000")
    >>> small.name, small.size
    ('mini, parameters<=80000', 260)
    """
    texts = [constraints] if isinstance(constraints, str) else constraints
    parsed = tuple(Constraint.parse(text) for text in texts)
    return ConstrainedBenchmark(benchmark, parsed) if parsed else benchmark


class ConstrainedBenchmark(Benchmark):
    """The part of a benchmark that meets constraints: the same answers, under a name of its own.

    Its architectures, size and lowest loss are those of this part, and a search samples from it.

    Args:
        benchmark: The whole benchmark.
        constraints: What its architectures must meet.

    Raises:
        BenchmarkError: A constraint is on something else than an objective that needs no training,
            or no architecture meets all.
    """

    def __init__(self, benchmark: Benchmark, constraints: tuple[Constraint, ...]) -> None:
        texts = ", ".join(constraint.text for constraint in constraints)
        super().__init__(
            f"{benchmark.name}, {texts}",
            benchmark.space_name,
            benchmark.objective,
            benchmark.unit,
            benchmark.epochs,
            benchmark.has_curves,
        )
        self.benchmark = benchmark
        self.constraints = constraints
        free = [o.name for o in benchmark.objectives.values() if not o.requires_training]
        for constraint in constraints:
            if constraint.name not in free:
                raise BenchmarkError(
                    f"a constraint on {constraint.name!r} cannot be checked before a training; "
                    f"{benchmark.name} knows: {', '.join(free) or 'nothing'}"
                )
        if self._architectures is not None and not self._architectures:
            raise BenchmarkError(f"no architecture of {benchmark.name} meets {texts}")

    def allows(self, architecture: Any) -> bool:
        """Return whether an architecture meets all constraints."""
        try:
            return all(
                c.low <= self.benchmark.known_metric(c.name, architecture) <= c.high
                for c in self.constraints
            )
        except BenchmarkError:  # the value of this architecture is unknown
            return False

    @cached_property
    def space(self) -> SearchSpace[Any]:
        """The space of the benchmark, restricted to what meets the constraints."""
        return ConstrainedSpace(self.benchmark.space, self.allows)

    @cached_property
    def objectives(self) -> Mapping[str, Objective]:
        """Those of the whole benchmark."""
        return self.benchmark.objectives

    @property
    def metrics(self) -> Sequence[Objective]:
        """Those of the whole benchmark."""
        return self.benchmark.metrics

    def parameters(self, architecture: Any) -> int:
        """Return the number of parameters, as the whole benchmark does."""
        return self.benchmark.parameters(architecture)

    def known_metric(self, name: str, architecture: Any) -> float:
        """Return an objective that requires no training, as the whole benchmark does."""
        return self.benchmark.known_metric(name, architecture)

    def zero_cost_scorer(self, score: str) -> Callable[[Any], float] | None:
        """Return a zero-cost score, as the whole benchmark does."""
        return self.benchmark.zero_cost_scorer(score)

    @property
    def size(self) -> int | None:
        """Number of architectures that meet the constraints; None if it answers for any."""
        return None if self._architectures is None else len(self._architectures)

    @cached_property
    def lowest_loss(self) -> float | None:
        """The lowest loss of the architectures of a table that meet the constraints."""
        return None if self._architectures is None else lowest_loss_of(self)

    @property
    def digest(self) -> str | None:
        """SHA-256 of the whole benchmark's and of the constraints."""
        whole = self.benchmark.digest
        return whole and sha256(f"{whole} {self.name}".encode()).hexdigest()

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        """Return the result of one training, whether or not it meets the constraints."""
        return replace(self.benchmark.query(architecture, epoch, seed), source=self.name)

    def curve(self, architecture: Any, seed: int | None = None) -> Curve:
        """Return the training epoch by epoch."""
        return replace(self.benchmark.curve(architecture, seed), source=self.name)

    def seeds(self, architecture: Any) -> Sequence[int]:
        """Return the runs of an architecture."""
        return self.benchmark.seeds(architecture)

    def architectures(self) -> Sequence[Any] | None:
        """Return the architectures of a table that meet the constraints, in its order."""
        return self._architectures

    @cached_property
    def _architectures(self) -> Sequence[Any] | None:
        held = self.benchmark.architectures()
        return None if held is None else tuple(filter(self.allows, held))
