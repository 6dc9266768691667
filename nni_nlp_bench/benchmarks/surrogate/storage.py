"""Surrogates on disk: `metadata.json` and `model.npz`, without pickles."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.surrogate.features import feature_names
from nni_nlp_bench.benchmarks.surrogate.gaussian_process import GaussianProcess
from nni_nlp_bench.benchmarks.surrogate.model import ErrorModel, LossModel, Surrogate
from nni_nlp_bench.benchmarks.surrogate.rank_transform import RankTransform
from nni_nlp_bench.benchmarks.surrogate.training_time import TrainingTime
from nni_nlp_bench.benchmarks.surrogate.trees import Trees
from nni_nlp_bench.core.input_files import exists, read_bytes
from nni_nlp_bench.core.parse_json import read_json

FORMAT = "nni-nlp-bench surrogate"
FORMAT_VERSION = 1
METADATA = "metadata.json"
MODEL = "model.npz"
REMEDY = "install the package again, or fit the surrogate again"

_TREES = ("loss", "error", "divergence")

Arrays = Mapping[str, NDArray[Any]]


def save_surrogate(surrogate: Surrogate, folder: Path) -> None:
    """Write a surrogate; equal surrogates give equal bytes. Raises BenchmarkError."""
    if not isinstance(surrogate.training_time, TrainingTime):
        raise BenchmarkError(
            f"a surrogate of space {surrogate.space} cannot be saved: fit it again"
        )
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **_arrays(surrogate))
    content = packed.getvalue()
    metadata = {
        **{key: value for key, value in surrogate.metadata.items() if key != "sha256"},
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "sha256": hashlib.sha256(content).hexdigest(),
        "features": list(feature_names()),
        "training_time": asdict(surrogate.training_time),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL).write_bytes(content)
        (folder / METADATA).write_text(json.dumps(metadata, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise BenchmarkError(f"cannot write the surrogate {folder}: {error}") from error


def load_surrogate(folder: Path) -> Surrogate:
    """Read what `save_surrogate` wrote.

    Raises BenchmarkError, which names the missing or damaged file.
    """
    metadata = _metadata(folder / METADATA)
    arrays = _verified(folder / MODEL, metadata["sha256"])
    trees = {name: Trees(tuple(_texts(arrays, name))) for name in _TREES}
    process = {k.removeprefix("gp_"): v for k, v in arrays.items() if k.startswith("gp_")}
    own = ("format", "format_version", "features", "training_time")
    return Surrogate(
        loss=LossModel(
            GaussianProcess.from_arrays(process), trees["loss"], RankTransform(arrays["losses"])
        ),
        error=ErrorModel(trees["error"], float(arrays["error_factor"])),
        divergence=trees["divergence"],
        training_time=TrainingTime(**metadata["training_time"]),
        metadata={key: value for key, value in metadata.items() if key not in own},
    )


def _arrays(surrogate: Surrogate) -> dict[str, NDArray[Any]]:
    trees = (surrogate.loss.trees, surrogate.error.trees, surrogate.divergence)
    texts = {
        f"trees_{name}_{i}": np.frombuffer(text.encode(), np.uint8)
        for name, of in zip(_TREES, trees, strict=True)
        for i, text in enumerate(of.texts)
    }
    process = surrogate.loss.process.to_arrays()
    return {
        **{f"gp_{name}": values for name, values in process.items()},
        **texts,
        "losses": surrogate.loss.scale.losses,
        "error_factor": np.array(surrogate.error.factor),
    }


def _texts(arrays: Arrays, name: str) -> list[str]:
    keys = sorted(key for key in arrays if key.startswith(f"trees_{name}_"))
    return [arrays[key].tobytes().decode() for key in keys]


def _metadata(file: Path) -> dict[str, Any]:
    if not exists(file):
        raise BenchmarkError(f"{file} is missing: {REMEDY}")
    value = read_json(file, BenchmarkError, REMEDY)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BenchmarkError(f"{file} does not describe a surrogate: {REMEDY}")
    version = value.get("format_version")
    if version != FORMAT_VERSION:
        raise BenchmarkError(f"{file} has format {version}, not {FORMAT_VERSION}: {REMEDY}")
    if value.get("features") != list(feature_names()):
        raise BenchmarkError(f"{file} was made for other features than this version's: {REMEDY}")
    if not {"sha256", "training_time"} <= value.keys():
        raise BenchmarkError(f"{file} is damaged (fields are missing): {REMEDY}")
    return value


def _verified(file: Path, sha256: str) -> dict[str, NDArray[Any]]:
    if not exists(file):
        raise BenchmarkError(f"{file} is missing: {REMEDY}")
    content = read_bytes(file, error=BenchmarkError)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BenchmarkError(f"{file} is damaged (its checksum is wrong): {REMEDY}")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive)
