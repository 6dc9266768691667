"""A tabular benchmark: logged trainings by architecture, memory-mapped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import (
    OK,
    BenchmarkError,
    Curve,
    MissingArchitectureError,
    Result,
)
from nni_nlp_bench.benchmarks.run import SERIES, Run
from nni_nlp_bench.benchmarks.table_files import (
    REMEDY,
    Arrays,
    TableMetadata,
    read_table,
    write_table,
)
from nni_nlp_bench.benchmarks.table_info import TableInfo, table_info
from search_spaces.base import Architecture, get_space
from search_spaces.errors import ArchitectureError

KEYS_TO_CHECK = 16


class Table:
    """Measured results by architecture, one or more runs (seeds 0, 1, ...) each.

    The runs of an architecture stand in the order of their published id, then of their log's name.
    """

    def __init__(self, metadata: TableMetadata, arrays: Arrays) -> None:
        self.metadata = metadata
        self.name = metadata.name
        self.space = metadata.space
        self.objective = metadata.objective
        self.epochs = metadata.epochs
        self.has_curves = metadata.has_curves
        self.arrays = arrays
        """Per run: `run_ids`, `num_params` (-1 if unknown), `epochs_done`, `statuses` (index into
        the metadata's), and run x epoch `train_loss`, `val_loss`, `test_loss`, `wall_time_s` as far
        as recorded. Per architecture, in the order of `architectures()`: `keys`, and `first_run`,
        where its runs start."""
        keys: list[str] = np.asarray(arrays["keys"]).astype("U32").tolist()
        self._position = {key: i for i, key in enumerate(keys)}
        self._first_run: list[int] = arrays["first_run"].tolist()
        self._epochs_done: list[int] = arrays["epochs_done"].tolist()
        self._status = [metadata.statuses[code] for code in arrays["statuses"].tolist()]
        self._series = [arrays.get(name) for name in SERIES]
        self._architectures: tuple[Any, ...] | None = None
        self._keys_checked = metadata.canonical_form == canonical_form()

    @classmethod
    def load(cls, path: Path) -> Table:
        """A table from its folder, without reading the results. Raises BenchmarkError."""
        return cls(*read_table(Path(path)))

    def save(self, path: Path, overwrite: bool = False) -> None:
        """Write the folder at once. Raises BenchmarkError; replaces only tables, and if told to."""
        write_table(Path(path), self.metadata, self.arrays, overwrite)

    @classmethod
    def from_runs(
        cls,
        runs: Iterable[Run],
        *,
        name: str,
        space: str,
        epochs: int,
        has_curves: bool = True,
        description: str = "",
        source: str = "",
        licence: str = "",
        citation: str = "",
    ) -> Table:
        """A table of runs that recorded the same series. Raises BenchmarkError.

        `epochs` is the length of a full training; without curves each run holds its last epoch.
        """
        groups = _by_architecture(runs)
        ordered = [run for group in groups.values() for run in group]
        if not ordered:
            raise BenchmarkError(f"{name}: there are no runs to make a table of")
        recorded = _recorded(ordered)
        if not {"val_loss", "test_loss"} & set(recorded):
            raise BenchmarkError(f"{name}: the runs record neither validation nor test loss")
        columns = epochs if has_curves else 1
        for run in ordered:
            if run.length > columns:
                raise BenchmarkError(f"{run.name}: {run.length} epochs, at most {columns} expected")
        datasets = {run.dataset for run in ordered}
        if len(datasets) > 1:
            names = ", ".join(sorted(str(dataset) for dataset in datasets))
            raise BenchmarkError(f"{name}: a table holds one data set, name which: {names}")
        statuses = sorted(
            {run.status for run in ordered}, key=lambda status: (status != OK, status)
        )
        metadata = TableMetadata(
            name=name,
            space=space,
            dataset=datasets.pop(),
            description=description,
            source=source,
            licence=licence,
            citation=citation,
            objective="val_loss" if "val_loss" in recorded else "test_loss",
            epochs=epochs,
            has_curves=has_curves,
            recorded=recorded,
            statuses=tuple(statuses),
            runs=len(ordered),
            architectures=len(groups),
            distinct_recipes=len({run.architecture.to_json() for run in ordered}),
            canonical_form=canonical_form(),
        )
        return cls(metadata, _arrays(metadata, groups, ordered))

    def __len__(self) -> int:
        """Number of architectures."""
        return len(self._position)

    def __contains__(self, architecture: Architecture) -> bool:
        return self.position(architecture) is not None

    def position(self, architecture: Architecture) -> int | None:
        """Where the architecture stands in `architectures()`; None where the table lacks it."""
        if not self._keys_checked:
            self._check_keys()
        return self._position.get(architecture.canonical_key)

    def info(self) -> TableInfo:
        """Figures of the whole table."""
        return table_info(self)

    def query(
        self, architecture: Architecture, epoch: int | None = None, seed: int | None = None
    ) -> Result:
        """The result after `epoch` epochs, or the last one reached where the run broke off.

        `wall_time_s` is NaN where the time was not recorded. Raises MissingArchitectureError, and
        BenchmarkError for an epoch or seed that the table does not have.
        """
        run = self._run(architecture, seed)
        reached = self._epochs_done[run]
        if epoch is not None:
            self._check_epoch(epoch)
            reached = min(epoch, reached)
        column = reached - 1 if self.has_curves else 0
        train, val, test, wall = (
            None if values is None or reached == 0 else values for values in self._series
        )
        return Result(
            train_loss=None if train is None else train.item(run, column),
            val_loss=None if val is None else val.item(run, column),
            test_loss=None if test is None else test.item(run, column),
            wall_time_s=float("nan") if wall is None else float(wall[run, : column + 1].sum()),
            status=self._status[run],
            epoch=reached,
            seed=seed or 0,
            origin="measured",
            source=self.name,
        )

    def curve(self, architecture: Architecture, seed: int | None = None) -> Curve:
        """The training epoch by epoch, NaN in a series that was not recorded; read-only arrays.

        Raises MissingArchitectureError, and BenchmarkError for an unknown seed or without curves.
        """
        if not self.has_curves:
            raise BenchmarkError(f"{self.name} holds the last epoch only: it has no curves")
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
        """The runs of an architecture; empty where it has none."""
        position = self.position(architecture)
        if position is None:
            return range(0)
        return range(self._first_run[position + 1] - self._first_run[position])

    def recipe_ids(self, architecture: Architecture) -> tuple[int, ...]:
        """The published ids of an architecture's runs, without repeats, ascending."""
        seeds = self.seeds(architecture)
        if not seeds:
            return ()
        first = self._run(architecture, 0)
        ids = np.unique(self.arrays["run_ids"][first : first + len(seeds)])
        return tuple(ids[ids >= 0].tolist())

    def architectures(self) -> Sequence[Any]:
        """All architectures, in the order of the source."""
        if self._architectures is None:
            self._architectures = tuple(self._read_architectures(range(len(self))))
        return self._architectures

    def _read_architectures(self, positions: Iterable[int]) -> Iterable[Any]:
        parse = get_space(self.space).parse
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
                f"{self.name} holds no result of {str(architecture)[:200]}: let a surrogate or the "
                "nearest architecture answer what is missing, restrict the search to the "
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
        """Keys of another version of the canonical form would make every look-up a miss."""
        step = max(1, len(self) // KEYS_TO_CHECK)
        positions = range(0, len(self), step)
        for i, architecture in zip(positions, self._read_architectures(positions), strict=True):
            if self._position.get(architecture.canonical_key) != i:
                raise BenchmarkError(
                    f"{self.name} was imported with {self.metadata.canonical_form}, whose keys "
                    f"differ from those of {canonical_form()}: {REMEDY}"
                )
        self._keys_checked = True


def canonical_form() -> str:
    """What computes the canonical keys: package and version."""
    return f"igraph {version('igraph')}"


def _by_architecture(runs: Iterable[Run]) -> dict[str, list[Run]]:
    def order(run: Run) -> tuple[bool, int, str]:
        return run.recipe_id is None, run.recipe_id or 0, run.name

    groups: dict[str, list[Run]] = {}
    for run in sorted(runs, key=order):
        groups.setdefault(run.architecture.canonical_key, []).append(run)
    return groups


def _recorded(runs: Sequence[Run]) -> tuple[str, ...]:
    """The series of the runs: the same for all, but for those that failed before any epoch."""
    recorded: tuple[str, ...] | None = None
    for run in runs:
        names = tuple(name for name, _ in run.recorded())
        if run.length == 0:
            continue
        if recorded is not None and names != recorded:
            raise BenchmarkError(
                f"{run.name} records {', '.join(names)}, other runs {', '.join(recorded)}: "
                "all runs of a table must record the same"
            )
        recorded = names
    return recorded or ()


def _arrays(
    metadata: TableMetadata, groups: dict[str, list[Run]], runs: Sequence[Run]
) -> dict[str, NDArray[Any]]:
    texts = [group[0].architecture.to_json().encode("utf-8") for group in groups.values()]
    code = {status: i for i, status in enumerate(metadata.statuses)}

    def unknown_as_minus_one(values: Iterable[int | None]) -> NDArray[np.int64]:
        return np.array([-1 if value is None else value for value in values], dtype=np.int64)

    arrays: dict[str, NDArray[Any]] = {
        "keys": np.array(list(groups), dtype="S32"),
        "first_run": np.cumsum([0, *(len(group) for group in groups.values())], dtype=np.int64),
        "recipe_ends": np.cumsum([len(text) for text in texts], dtype=np.int64),
        "recipes": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "run_ids": unknown_as_minus_one(run.recipe_id for run in runs),
        "num_params": unknown_as_minus_one(run.num_params for run in runs),
        "epochs_done": np.array(
            [run.length if metadata.has_curves else metadata.epochs * run.length for run in runs],
            dtype=np.int64,
        ),
        "statuses": np.array([code[run.status] for run in runs], dtype=np.int64),
    }
    columns = metadata.epochs if metadata.has_curves else 1
    for name in metadata.recorded:
        arrays[name] = np.full((len(runs), columns), np.nan)
    for i, run in enumerate(runs):
        for name, values in run.recorded():
            if run.length:
                arrays[name][i, : len(values)] = values
    for values in arrays.values():
        values.flags.writeable = False
    return arrays
