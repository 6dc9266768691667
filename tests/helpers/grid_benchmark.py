"""A small space of three widths, and a benchmark of it with known losses and sizes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

import numpy as np

from nni_nlp_bench.benchmarks.base import OK, Benchmark, Result
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.core.pareto import nondominated
from search_spaces.base import Description, SearchSpace
from search_spaces.values import BaseArchitecture, read_json

WIDTHS = range(5)
LAYERS = ("a", "b", "c")


@dataclass(frozen=True, eq=False)
class Grid(BaseArchitecture):
    """Three widths."""

    widths: tuple[int, ...]

    @classmethod
    def from_json(cls, text: str) -> Grid:
        value = read_json(text, "a grid", '{"widths": [...]}', ArchitectureError)
        return cls(tuple(value["widths"]))

    def to_json(self) -> str:
        return json.dumps({"widths": self.widths})


class GridChoices:
    """One choice per layer."""

    categoricals: ClassVar[Mapping[str, Sequence[int]]] = {layer: [*WIDTHS] for layer in LAYERS}

    def to_sample(self, architecture: Grid) -> dict[str, Any]:
        return dict(zip(LAYERS, architecture.widths, strict=True))

    def from_sample(self, sample: Mapping[str, Any]) -> Grid:
        return Grid(tuple(sample[layer] for layer in LAYERS))


class GridSpace(SearchSpace[Grid]):
    """All 125 grids."""

    name = "grid_of_widths"
    architecture_class = Grid

    def choices(self, **options: Any) -> GridChoices:
        return GridChoices()

    def describe(self, architecture: Grid) -> Description:
        widths = architecture.widths
        return {"parameters": 10 + sum((i + 2) * w**2 + w for i, w in enumerate(widths))}


class GridBenchmark(Benchmark):
    """Wider layers have a lower loss, with diminishing returns; two grids fail."""

    def __init__(self) -> None:
        super().__init__("grid", "grid_of_widths", "val_loss", LossUnit.NATS, 1, has_curves=False)

    @cached_property
    def space(self) -> SearchSpace[Any]:
        return GridSpace()

    @property
    def size(self) -> int:
        return len(self.architectures())

    @property
    def lowest_loss(self) -> float:
        return min(self.query(grid).val_loss or 0.0 for grid in self.architectures())

    @property
    def metrics(self) -> Sequence[Objective]:
        return (Objective("latency", "ms", requires_training=False),)

    def known_metric(self, name: str, architecture: Any) -> float:
        if name == "latency":
            return float(1 + max(architecture.widths))
        return super().known_metric(name, architecture)

    def architectures(self) -> Sequence[Grid]:
        return [*map(Grid, product(WIDTHS, repeat=len(LAYERS)))]

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        widths = np.array(architecture.widths)
        loss = 3.0 + float((np.array([1.0, 0.8, 1.3]) / (1.0 + widths)).sum())
        loss += 0.1 * float(np.abs(np.diff(widths)).sum())
        failed = architecture.widths in ((4, 0, 4), (0, 4, 0))
        return Result(
            train_loss=None,
            val_loss=math.nan if failed else loss,
            test_loss=None,
            wall_time_s=100.0 * self.parameters(architecture),
            status="loss is nan!" if failed else OK,
            epoch=1,
            seed=None,
            origin="measured",
            source=self.name,
        )

    def exact_front(self, *names: str) -> set[str]:
        """Keys of the exact front, by exhaustive search."""
        held = list(self._finished())
        losses = [
            [self.objectives[name].to_loss(self.value(name, grid, result)) for name in names]
            for grid, result in held
        ]
        return {held[i][0].canonical_key for i in np.flatnonzero(nondominated(losses))}

    def _finished(self) -> Iterator[tuple[Grid, Result]]:
        for grid in self.architectures():
            if (result := self.query(grid)).status == OK:
                yield grid, result
