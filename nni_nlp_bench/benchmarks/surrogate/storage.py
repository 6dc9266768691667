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
from nni_nlp_bench.benchmarks.surrogate.features import SIMULATIONS, feature_names
from nni_nlp_bench.benchmarks.surrogate.gaussian_process import GaussianProcess
from nni_nlp_bench.benchmarks.surrogate.loss_scales import LossScale, RankScale, TailScale
from nni_nlp_bench.benchmarks.surrogate.model import ErrorModel, LossModel, Surrogate
from nni_nlp_bench.benchmarks.surrogate.run_noise import RunNoise
from nni_nlp_bench.benchmarks.surrogate.training_time import TrainingTime
from nni_nlp_bench.benchmarks.surrogate.trees import Trees

FORMAT = "nni-nlp-bench surrogate"
FORMAT_VERSION = 2
METADATA = "metadata.json"
MODEL = "model.npz"
REMEDY = "install the package again, or fit the surrogate again"

_TREES = ("loss", "error", "divergence")
_OWN = (
    "format",
    "format_version",
    "sha256",
    "features",
    "simulation",
    "lowest_loss",
    "training_time",
)
"""Fields of the metadata that the model is loaded from."""

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
        **surrogate.metadata,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "sha256": hashlib.sha256(content).hexdigest(),
        "features": list(feature_names()),
        "simulation": surrogate.simulation,
        "lowest_loss": surrogate.lowest_loss,
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
    return Surrogate(
        loss=LossModel(GaussianProcess.from_arrays(process), trees["loss"], _scale(arrays)),
        error=ErrorModel(trees["error"], float(arrays["error_factor"])),
        divergence=trees["divergence"],
        training_time=TrainingTime(**metadata["training_time"]),
        lowest_loss=metadata["lowest_loss"],
        simulation=metadata["simulation"],
        noise=RunNoise(*arrays["noise"]) if "noise" in arrays else None,
        metadata={key: value for key, value in metadata.items() if key not in _OWN},
    )


def _scale(arrays: Arrays) -> LossScale:
    if "tail" not in arrays:
        return RankScale(arrays["losses"])
    return TailScale(arrays["losses"], *map(float, arrays["tail"]))


def _arrays(surrogate: Surrogate) -> dict[str, NDArray[Any]]:
    trees = (surrogate.loss.trees, surrogate.error.trees, surrogate.divergence)
    texts = {
        f"trees_{name}_{i}": np.frombuffer(text.encode(), np.uint8)
        for name, of in zip(_TREES, trees, strict=True)
        for i, text in enumerate(of.texts)
    }
    process = surrogate.loss.process.to_arrays()
    scale, noise = surrogate.loss.scale, surrogate.noise
    return {
        **{f"gp_{name}": values for name, values in process.items()},
        **texts,
        "losses": scale.losses,
        **({"tail": np.array([scale.floor, scale.decay])} if isinstance(scale, TailScale) else {}),
        **({"noise": np.stack([noise.losses, noise.deviations])} if noise is not None else {}),
        "error_factor": np.array(surrogate.error.factor),
    }


def _texts(arrays: Arrays, name: str) -> list[str]:
    keys = sorted(key for key in arrays if key.startswith(f"trees_{name}_"))
    return [arrays[key].tobytes().decode() for key in keys]


def _metadata(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise BenchmarkError(f"{file} is missing: {REMEDY}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise BenchmarkError(f"{file} is damaged ({error}): {REMEDY}") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BenchmarkError(f"{file} does not describe a surrogate: {REMEDY}")
    version = value.get("format_version")
    if version != FORMAT_VERSION:
        raise BenchmarkError(f"{file} has format {version}, not {FORMAT_VERSION}: {REMEDY}")
    if value.get("features") != list(feature_names()):
        raise BenchmarkError(f"{file} was made for other features than this version's: {REMEDY}")
    if not set(_OWN) <= value.keys() or value["simulation"] not in SIMULATIONS:
        raise BenchmarkError(
            f"{file} is damaged (its fields are not those of a surrogate): {REMEDY}"
        )
    return value


def _verified(file: Path, sha256: str) -> dict[str, NDArray[Any]]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BenchmarkError(f"{file} cannot be read ({error.strerror}): {REMEDY}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BenchmarkError(f"{file} is damaged (its checksum is wrong): {REMEDY}")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive)
