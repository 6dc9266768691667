"""Tables on disk: folders of `.npy` files and a `metadata.json`."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError, LossName
from nni_nlp_bench.benchmarks.objectives import Objective, check_metric
from nni_nlp_bench.benchmarks.training_run import MAX_SECONDS, MAX_WHOLE, SERIES
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, is_file
from nni_nlp_bench.core.parse_json import read_json
from nni_nlp_bench.core.scratch import remove_stale, scratch_folder

FORMAT = "nni-nlp-bench table"
FORMAT_VERSION = 2
"""Version 1 has no metrics."""
METADATA = "metadata.json"
REMEDY = "import the benchmark again"
_DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    OverflowError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TokenError,
)
"""Exceptions of numpy for a damaged header, which is Python text."""

Arrays = Mapping[str, NDArray[Any]]


def units_of(loss: LossUnit) -> dict[str, str]:
    """Return the units of the four series, by name."""
    return {**dict.fromkeys(SERIES, loss.value), "wall_time_s": "seconds of one epoch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMetadata:
    """Metadata of a table."""

    name: str
    space: str
    dataset: str | None
    description: str
    source: str
    licence: str
    citation: str
    objective: LossName
    epochs: int
    has_curves: bool
    recorded: tuple[str, ...]
    """Recorded series, out of train_loss, val_loss, test_loss and wall_time_s."""
    statuses: tuple[str, ...]
    runs: int
    architectures: int
    distinct_recipes: int
    """Number of architectures that differ as text."""
    canonical_form: str
    """Package and version that computed the canonical keys."""
    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    units: Mapping[str, str] = field(default_factory=lambda: units_of(LossUnit.NATS))
    """Units of the series: see `units_of`."""
    metrics: tuple[Objective, ...] = ()
    """Metrics recorded beside the series, such as the latency."""


def write_table(
    path: Path, metadata: TableMetadata, arrays: Arrays, overwrite: bool = False
) -> None:
    """Write a temporary folder next to `path`, then rename it. Raises BenchmarkError."""
    path = path.absolute()
    _check_target(path, overwrite)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(path.parent, path.name) as scratch:
            new = scratch / "new"
            new.mkdir()
            for name, values in arrays.items():
                np.save(new / f"{name}.npy", values, allow_pickle=False)
            (new / METADATA).write_text(json.dumps(asdict(metadata), indent=2) + "\n", "utf-8")
            _put_in_place(new, path, scratch, overwrite)
        # Only now: a process that was killed may have left the former table there.
        remove_stale(path.parent, path.name)
    except OSError as error:
        raise BenchmarkError(f"cannot write the table {path}: {error}") from error


def _check_target(path: Path, overwrite: bool) -> None:
    if not exists(path):
        return
    if not path.is_dir():
        raise BenchmarkError(f"{path} is a file: name a folder for the table")
    try:
        is_empty = not any(path.iterdir())
    except FileNotFoundError:  # another process has just moved it away
        return
    if not is_empty:
        if not _is_table(path) and path.exists():
            raise BenchmarkError(f"{path} holds other files: name a new or empty folder")
        if not overwrite:
            raise BenchmarkError(f"{path} already holds a table: overwrite it or name another one")


def _is_table(path: Path) -> bool:
    try:
        value = read_json(path / METADATA)
    except UserError:
        return False
    return isinstance(value, dict) and value.get("format") == FORMAT


def _put_in_place(new: Path, path: Path, scratch: Path, overwrite: bool) -> None:
    # Another process may save to the same folder meanwhile. A rename replaces nothing but an empty
    # folder, so readers of the path find a complete table or none.
    for attempt in range(20):
        if _renamed(new, path):
            return
        _check_target(path, overwrite)
        old = scratch / f"old-{attempt}"
        try:
            path.rename(old)
        except FileNotFoundError:
            continue
        try:
            if _renamed(new, path):
                return
        except BaseException:
            _renamed(old, path)
            raise
    raise BenchmarkError(f"{path} is being written by other processes: try again")


def _renamed(folder: Path, path: Path) -> bool:
    try:
        folder.rename(path)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def read_table(path: Path) -> tuple[TableMetadata, dict[str, NDArray[Any]]]:
    """Read metadata and memory-mapped arrays. Raises BenchmarkError."""
    metadata = read_metadata(path)
    runs, count = metadata.runs, metadata.architectures
    shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
        "keys": ("S32", (count,)),
        "first_run": (np.int64, (count + 1,)),
        "recipe_ends": (np.int64, (count,)),
        "recipes": (np.uint8, (-1,)),
        "run_ids": (np.int64, (runs,)),
        "num_params": (np.int64, (runs,)),
        "epochs_done": (np.int64, (runs,)),
        "statuses": (np.int64, (runs,)),
    }
    columns = metadata.epochs if metadata.has_curves else 1
    shapes |= dict.fromkeys(metadata.recorded, (np.float64, (runs, columns)))
    if metadata.metrics:
        shapes["metrics"] = (np.float64, (runs, len(metadata.metrics)))
    arrays = {
        name: _read_array(path / f"{name}.npy", *expected) for name, expected in shapes.items()
    }
    _check_indices(path, metadata, arrays)
    return metadata, arrays


def read_metadata(path: Path) -> TableMetadata:
    """Read the metadata of a table. Raises BenchmarkError."""
    file = path / METADATA
    if not exists(file):
        raise BenchmarkError(f"{path} is not a table: it has no {METADATA}; {REMEDY}")
    value = read_json(file, BenchmarkError, REMEDY)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BenchmarkError(f"{file} does not describe a table of this project: {REMEDY}")
    version = value.get("format_version")
    if version not in (1, FORMAT_VERSION):
        raise BenchmarkError(
            f"{file} has format version {version}, this program reads 1 to {FORMAT_VERSION}: "
            f"{REMEDY}"
        )
    if version == 1:
        value.setdefault("metrics", [])
    if set(value) != {f.name for f in fields(TableMetadata)} or not _well_typed(value):
        raise BenchmarkError(f"{file} is damaged (fields are missing or wrong): {REMEDY}")
    listed = {name: tuple(value[name]) for name in ("recorded", "statuses")}
    metrics = tuple(Objective(**metric) for metric in value["metrics"])
    return TableMetadata(**(value | listed | {"metrics": metrics}))


def _well_typed(value: Mapping[str, Any]) -> bool:
    counts = ("epochs", "runs", "architectures", "distinct_recipes")
    texts = ("name", "space", "description", "source", "licence", "citation", "canonical_form")
    return (
        all(type(value[name]) is int and value[name] > 0 for name in counts)
        and all(isinstance(value[name], str) for name in texts)
        and isinstance(value["dataset"], str | None)
        and isinstance(value["has_curves"], bool)
        and isinstance(value["recorded"], list)
        and all(isinstance(name, str) for name in value["recorded"])
        and set(value["recorded"]) <= set(SERIES)
        and value["objective"] in value["recorded"]
        and isinstance(value["statuses"], list)
        and all(isinstance(status, str) for status in value["statuses"])
        and value["units"] in [units_of(unit) for unit in LossUnit]
        and isinstance(value["metrics"], list)
        and all(map(_is_metric, value["metrics"]))
    )


def _is_metric(value: Any) -> bool:
    kinds = {"name": str, "unit": str, "direction": str, "requires_training": bool}
    if not isinstance(value, dict) or {name: type(item) for name, item in value.items()} != kinds:
        return False
    try:
        check_metric(Objective(**value))
    except UserError:
        return False
    return True


def _read_array(file: Path, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    if not exists(file):
        raise BenchmarkError(f"{file} is missing: {REMEDY}")
    if not is_file(file):
        raise BenchmarkError(f"{file} is not a file: {REMEDY}")
    try:
        values = np.lib.format.open_memmap(file, mode="r")
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BenchmarkError(f"{file} is damaged ({reason}): {REMEDY}") from error
    fits = len(shape) == values.ndim and all(
        n in (-1, m) for n, m in zip(shape, values.shape, strict=True)
    )
    if values.dtype != np.dtype(dtype) or not fits:
        found = f"{values.dtype} {values.shape}"
        raise BenchmarkError(f"{file} holds {found}, expected {np.dtype(dtype)} {shape}: {REMEDY}")
    # Indexing a plain view is several times faster than a np.memmap; it stays mapped.
    return np.asarray(values)


def _check_indices(path: Path, metadata: TableMetadata, arrays: Arrays) -> None:
    def between(values: NDArray[Any], low: int, high: int) -> bool:
        return bool((values >= low).all() and (values <= high).all())

    first, ends = arrays["first_run"], arrays["recipe_ends"]
    ok = metadata.statuses.index(OK) if OK in metadata.statuses else -1
    finished = arrays["statuses"] == ok
    sound = {
        "keys": between(arrays["keys"].view(np.uint8), 0, 127)
        and len(set(arrays["keys"].tolist())) == metadata.architectures,
        "first_run": first[0] == 0
        and first[-1] == metadata.runs
        and bool((np.diff(first) > 0).all()),
        "recipe_ends": bool((np.diff(ends, prepend=0) > 0).all())
        and ends[-1] == len(arrays["recipes"]),
        "epochs_done": between(arrays["epochs_done"], 0, metadata.epochs),
        "statuses": between(arrays["statuses"], 0, len(metadata.statuses) - 1),
        "num_params": between(arrays["num_params"], -1, MAX_WHOLE),
        "run_ids": between(arrays["run_ids"], -1, MAX_WHOLE),
    }
    for name in metadata.recorded:
        most = MAX_SECONDS if name == "wall_time_s" else LossUnit(metadata.units[name]).largest
        values = arrays[name] if name == "wall_time_s" else arrays[name][finished]
        sound[name] = not ((values < 0) | ((values > most) & (values < np.inf))).any()
    if metadata.metrics:
        sound["metrics"] = not np.isinf(arrays["metrics"]).any()
    for name, is_sound in sound.items():
        if not is_sound:
            raise BenchmarkError(f"{path / name}.npy is damaged (out of range): {REMEDY}")
