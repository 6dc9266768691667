"""Tabular benchmark: memory-mapped results of trainings by architecture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import (
    OK,
    Benchmark,
    BenchmarkError,
    Curve,
    MissingArchitectureError,
    Result,
    lowest_loss_of,
)
from nni_nlp_bench.benchmarks.objectives import PARAMETERS, Objective, check_metric
from nni_nlp_bench.benchmarks.table_building import build, canonical_form, digest_of
from nni_nlp_bench.benchmarks.table_files import (
    REMEDY,
    Arrays,
    TableMetadata,
    read_table,
    write_table,
)
from nni_nlp_bench.benchmarks.training_run import SERIES, TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import ArchitectureError
from search_spaces.base import Architecture, SearchSpace
from search_spaces.registry import get_space

KEYS_TO_CHECK = 16


class Table(Benchmark):
    """Measured results by architecture, one or more runs (seeds 0, 1, ...) each.

    The runs of an architecture are sorted by published id, then by the name of their log.
    """

    def __init__(self, metadata: TableMetadata, arrays: Arrays) -> None:
        super().__init__(
            name=metadata.name,
            space_name=metadata.space,
            objective=metadata.objective,
            unit=LossUnit(metadata.units[metadata.objective]),
            epochs=metadata.epochs,
            has_curves=metadata.has_curves,
        )
        self.metadata = metadata
        self.arrays = arrays
        """Per run: `run_ids`, `num_params` (-1 if unknown), `epochs_done`, `statuses` (index into
        the metadata's), and run x epoch `train_loss`, `val_loss`, `test_loss`, `wall_time_s` as far
        as recorded, and run x metric `metrics`, if any. Per architecture, in the order of
        `architectures()`: `keys`, and `first_run`, where its runs start."""
        keys: list[str] = np.asarray(arrays["keys"]).astype("U32").tolist()
        self._position = {key: i for i, key in enumerate(keys)}
        self._first_run: list[int] = arrays["first_run"].tolist()
        self._epochs_done: list[int] = arrays["epochs_done"].tolist()
        self._status = [metadata.statuses[code] for code in arrays["statuses"].tolist()]
        self._series = [arrays.get(name) for name in SERIES]
        self._metrics = arrays.get("metrics")
        self._architectures: tuple[Any, ...] | None = None
        self._keys_checked = metadata.canonical_form == canonical_form()

    @classmethod
    def load(cls, path: Path) -> Table:
        """Open a table; results are read lazily. Raises BenchmarkError."""
        return cls(*read_table(Path(path)))

    def save(self, path: Path, overwrite: bool = False) -> None:
        """Write the table atomically; `overwrite` replaces another table. Raises BenchmarkError."""
        write_table(Path(path), self.metadata, self.arrays, overwrite)

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[TrainingRun],
        *,
        name: str,
        space: str,
        epochs: int,
        has_curves: bool = True,
        unit: LossUnit = LossUnit.NATS,
        description: str = "",
        source: str = "",
        licence: str = "",
        citation: str = "",
        metrics: Sequence[Objective] = (),
    ) -> Table:
        """Build a table from runs that recorded the same series. Raises BenchmarkError.

        `epochs` is the length of a full training; without curves, runs have only their last epoch.
        `metrics` declares the metrics of the runs, with units and directions.
        """
        metadata, arrays = build(
            runs,
            name=name,
            space=space,
            epochs=epochs,
            has_curves=has_curves,
            unit=unit,
            description=description,
            source=source,
            licence=licence,
            citation=citation,
            metrics=metrics,
        )
        return cls(metadata, arrays)

    @cached_property
    def space(self) -> SearchSpace[Any]:
        """The part of the search space that its architectures belong to."""
        (first,) = self._read_architectures(range(1))
        return get_space(self.space_name).restricted_to(first)

    @property
    def size(self) -> int:
        """Number of architectures."""
        return len(self)

    def __len__(self) -> int:
        """Number of architectures."""
        return len(self._position)

    def __contains__(self, architecture: Architecture) -> bool:
        return self.position(architecture) is not None

    def position(self, architecture: Architecture) -> int | None:
        """Return the index of an architecture in `architectures()`; None if it is missing."""
        if not self._keys_checked:
            self._check_keys()
        return self._position.get(architecture.canonical_key)

    @cached_property
    def lowest_loss(self) -> float:
        """Lowest final loss of all successful trainings; NaN if there are none."""
        return lowest_loss_of(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the results, and of the metadata that they are read with."""
        return digest_of(self.metadata, self.arrays)

    def query(
        self, architecture: Architecture, epoch: int | None = None, seed: int | None = None
    ) -> Result:
        """Return the result after `epoch` epochs, or after the last epoch of a failed run.

        Before the last epoch of a failed run, the status is OK. `wall_time_s` is NaN if times are
        not recorded. Raises MissingArchitectureError, and BenchmarkError for an epoch or seed that
        the table does not have.
        """
        run = self._run(architecture, seed)
        reached = self._epochs_done[run]
        if epoch is not None:
            self._check_epoch(epoch)
            reached = min(epoch, reached)
        column = reached - 1 if self.has_curves else 0
        broke_off = epoch is None or epoch >= self._epochs_done[run]
        train, val, test, wall = (
            None if values is None or reached == 0 else values for values in self._series
        )
        return Result(
            train_loss=None if train is None else train.item(run, column),
            val_loss=None if val is None else val.item(run, column),
            test_loss=None if test is None else test.item(run, column),
            wall_time_s=float("nan") if wall is None else float(wall[run, : column + 1].sum()),
            status=self._status[run] if broke_off else OK,
            epoch=reached,
            seed=seed or 0,
            origin="measured",
            source=self.name,
            metrics=None if self._metrics is None else self._metrics_of(run),
        )

    def with_metric(self, metric: Objective, values: Sequence[float], note: str) -> Table:
        """Return a copy of the table that records a metric of every architecture.

        Args:
            metric: The metric; a recorded one of that name is replaced.
            values: A value for each of `architectures()`, NaN if unknown.
            note: How it was measured, added to the description.

        Raises:
            UserError: The metric has a name of the benchmark's own.
        """
        check_metric(metric)
        kept = [i for i, other in enumerate(self.metrics) if other.name != metric.name]
        runs = np.repeat(np.asarray(values, dtype=np.float64), np.diff(self.arrays["first_run"]))
        recorded = self.arrays.get("metrics", np.empty((len(runs), 0)))
        metadata = replace(
            self.metadata,
            metrics=(*(self.metrics[i] for i in kept), metric),
            description=f"{self.metadata.description}; {note}",
        )
        together = np.column_stack([recorded[:, kept], runs])
        return Table(metadata, {**self.arrays, "metrics": together})

    @property
    def metrics(self) -> Sequence[Objective]:
        """The recorded metrics beside losses and times."""
        return self.metadata.metrics

    def parameters(self, architecture: Architecture) -> int:
        """Return the recorded number of parameters, or the space's if the table records none.

        Raises MissingArchitectureError, and BenchmarkError if the number is unknown.
        """
        if not self._records_parameters:
            return super().parameters(architecture)
        found: int = self.arrays["num_params"].item(self._run(architecture, None))
        if found < 0:
            raise BenchmarkError(f"{self.name} does not record the parameters of {architecture}")
        return found

    def known_metric(self, name: str, architecture: Architecture) -> float:
        """Return an objective that requires no training, such as the latency.

        That is the value of the first run. Raises MissingArchitectureError, and BenchmarkError if
        it is unknown or requires a training.
        """
        if name == PARAMETERS:
            return float(self.parameters(architecture))
        if not any(m.name == name and not m.requires_training for m in self.metrics):
            raise BenchmarkError(f"{self.name} knows no {name} without a training")
        found = self._metrics_of(self._run(architecture, None)).get(name)
        if found is None:
            raise BenchmarkError(f"{self.name} does not record the {name} of {architecture}")
        return found

    def _metrics_of(self, run: int) -> dict[str, float]:
        values = self.arrays["metrics"][run].tolist()
        named = zip((metric.name for metric in self.metrics), values, strict=True)
        return {name: value for name, value in named if not math.isnan(value)}

    @cached_property
    def _records_parameters(self) -> bool:
        return bool((self.arrays["num_params"] >= 0).any())

    @cached_property
    def _counts_parameters(self) -> bool:
        return self._records_parameters or super()._counts_parameters

    @cached_property
    def _records_times(self) -> bool:
        return "wall_time_s" in self.metadata.recorded

    def curve(self, architecture: Architecture, seed: int | None = None) -> Curve:
        """Return the learning curve as read-only arrays, NaN for unrecorded series.

        Raises MissingArchitectureError, and BenchmarkError for an unknown seed or without curves.
        """
        if not self.has_curves:
            raise BenchmarkError(f"{self.name} has only the last epoch: it has no curves")
        run = self._run(architecture, seed)
        reached = self._epochs_done[run]
        train, val, test, wall = (
            np.full(reached, np.nan) if values is None else values[run, :reached]
            for values in self._series
        )
        return Curve(
            train_loss=train,
            val_loss=val,
            test_loss=test,
            wall_time_s=wall,
            status=self._status[run],
            seed=seed or 0,
            origin="measured",
            source=self.name,
        )

    def seeds(self, architecture: Architecture) -> Sequence[int]:
        """Return the runs of an architecture; empty if it is missing."""
        position = self.position(architecture)
        if position is None:
            return range(0)
        return range(self._first_run[position + 1] - self._first_run[position])

    def recipe_ids(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the distinct published ids of an architecture's runs, ascending."""
        seeds = self.seeds(architecture)
        if not seeds:
            return ()
        first = self._run(architecture, 0)
        ids = np.unique(self.arrays["run_ids"][first : first + len(seeds)])
        return tuple(ids[ids >= 0].tolist())

    def architectures(self) -> Sequence[Any]:
        """Return all architectures, in the order of the source."""
        if self._architectures is None:
            self._architectures = tuple(self._read_architectures(range(len(self))))
        return self._architectures

    def _read_architectures(self, positions: Iterable[int]) -> Iterable[Any]:
        parse = get_space(self.space_name).parse
        ends = self.arrays["recipe_ends"]
        text = self.arrays["recipes"]
        for i in positions:
            start = int(ends[i - 1]) if i else 0
            try:
                yield parse(text[start : int(ends[i])].tobytes().decode("utf-8"))
            except (UnicodeDecodeError, ArchitectureError) as error:
                raise BenchmarkError(
                    f"architecture {i} of {self.name} is damaged or of another version of the "
                    f"space ({error}): {REMEDY}"
                ) from error

    def _run(self, architecture: Architecture, seed: int | None) -> int:
        position = self.position(architecture)
        if position is None:
            raise MissingArchitectureError(
                f"{self.name} has no result of {str(architecture)[:200]}: use a surrogate or the "
                "nearest architecture for missing results, restrict the search to the "
                "architectures of the table, or import more results"
            )
        first = self._first_run[position]
        count = self._first_run[position + 1] - first
        if seed is None:
            return first
        if not 0 <= seed < count:
            known = ", ".join(str(i) for i in range(count))
            raise BenchmarkError(
                f"{self.name} has no seed {seed} of this architecture: it has {known}"
            )
        return first + seed

    def _check_epoch(self, epoch: int) -> None:
        if not self.has_curves and epoch != self.epochs:
            raise BenchmarkError(
                f"{self.name} has no epoch {epoch}: it holds epoch {self.epochs} only"
            )
        if not 1 <= epoch <= self.epochs:
            raise BenchmarkError(f"{self.name} has no epoch {epoch}: it has 1 to {self.epochs}")

    def _check_keys(self) -> None:
        """Raise BenchmarkError if the keys are of another version of the canonical form."""
        step = max(1, len(self) // KEYS_TO_CHECK)
        positions = range(0, len(self), step)
        for i, architecture in zip(positions, self._read_architectures(positions), strict=True):
            if self._position.get(architecture.canonical_key) != i:
                raise BenchmarkError(
                    f"{self.name} was imported with {self.metadata.canonical_form}, whose keys "
                    f"differ from those of {canonical_form()}: {REMEDY}"
                )
        self._keys_checked = True
