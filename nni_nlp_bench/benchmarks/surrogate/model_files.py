"""Models on disk: `metadata.json` and `model.npz`, without pickles, with a checksum."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.surrogate.gaussian_process import GaussianProcess
from nni_nlp_bench.benchmarks.surrogate.trees import Trees
from nni_nlp_bench.core.input_files import exists, read_bytes
from nni_nlp_bench.core.parse_json import read_json

METADATA = "metadata.json"
MODEL = "model.npz"
REMEDY = "install the package again, or fit the surrogate again"
FORMAT_KEYS = ("format", "format_version")

Arrays = Mapping[str, NDArray[Any]]


def write_model(
    folder: Path, kind: str, version: int, metadata: Mapping[str, Any], arrays: Arrays
) -> None:
    """Write a model; equal models give equal bytes. Raises BenchmarkError.

    Args:
        kind: Name of the format, which `read_model` must ask for.
        version: Version of the format.
    """
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    content = packed.getvalue()
    own = {"format": kind, "format_version": version}
    own["sha256"] = hashlib.sha256(content).hexdigest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL).write_bytes(content)
        (folder / METADATA).write_text(json.dumps({**metadata, **own}, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise BenchmarkError(f"cannot write the surrogate {folder}: {error}") from error


def read_model(
    folder: Path, kind: str, version: int, required: Sequence[str]
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return metadata and arrays.

    Raises BenchmarkError, which names the file that is missing, damaged, or lacks a required field.
    """
    file = folder / METADATA
    metadata = _object(file)
    if metadata.get("format") != kind:
        raise BenchmarkError(f"{file} does not describe a {kind.split(' ', 1)[1]}: {REMEDY}")
    if metadata.get("format_version") != version:
        raise BenchmarkError(
            f"{file} has format {metadata.get('format_version')}, not {version}: {REMEDY}"
        )
    if not {"sha256", *required} <= metadata.keys():
        raise BenchmarkError(
            f"{file} is damaged (its fields are not those of a surrogate): {REMEDY}"
        )
    return metadata, _verified(folder / MODEL, metadata["sha256"])


def process_to_arrays(name: str, process: GaussianProcess) -> dict[str, NDArray[Any]]:
    """Return the arrays of a Gaussian process, whose names begin with `name`."""
    return {f"{name}_{key}": values for key, values in process.to_arrays().items()}


def process_from_arrays(name: str, arrays: Arrays) -> GaussianProcess:
    """Invert `process_to_arrays`."""
    prefix = f"{name}_"
    found = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    return GaussianProcess.from_arrays(found)


def trees_to_arrays(name: str, trees: Trees) -> dict[str, NDArray[Any]]:
    """Return the texts of trees as arrays, whose names begin with `name`."""
    return {
        f"trees_{name}_{i}": np.frombuffer(text.encode(), np.uint8)
        for i, text in enumerate(trees.texts)
    }


def trees_from_arrays(name: str, arrays: Arrays) -> Trees:
    """Invert `trees_to_arrays`."""
    keys = sorted(key for key in arrays if key.startswith(f"trees_{name}_"))
    return Trees(tuple(arrays[key].tobytes().decode() for key in keys))


def _object(file: Path) -> dict[str, Any]:
    if not exists(file):
        raise BenchmarkError(f"{file} is missing: {REMEDY}")
    value = read_json(file, BenchmarkError, REMEDY)
    return value if isinstance(value, dict) else {}


def _verified(file: Path, sha256: str) -> dict[str, NDArray[Any]]:
    if not exists(file):
        raise BenchmarkError(f"{file} is missing: {REMEDY}")
    content = read_bytes(file, error=BenchmarkError)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BenchmarkError(f"{file} is damaged (its checksum is wrong): {REMEDY}")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive)
