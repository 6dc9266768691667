"""Surrogates of final losses on disk."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.surrogate.loss_scales import LossScale, RankScale, TailScale
from nni_nlp_bench.benchmarks.surrogate.model import ErrorModel, LossModel, Surrogate
from nni_nlp_bench.benchmarks.surrogate.model_files import (
    FORMAT_KEYS,
    METADATA,
    REMEDY,
    Arrays,
    process_from_arrays,
    process_to_arrays,
    read_model,
    trees_from_arrays,
    trees_to_arrays,
    write_model,
)
from nni_nlp_bench.benchmarks.surrogate.run_noise import RunNoise
from nni_nlp_bench.benchmarks.surrogate.training_time import TrainingTime
from search_spaces.rnn_cell.features.table import SIMULATIONS, feature_names

FORMAT = "nni-nlp-bench surrogate"
FORMAT_VERSION = 2

_OWN = ("features", "simulation", "lowest_loss", "training_time")
"""Fields of the metadata that the model is loaded from."""


def save_surrogate(surrogate: Surrogate, folder: Path) -> None:
    """Write a surrogate; equal surrogates give equal bytes. Raises BenchmarkError."""
    if not isinstance(surrogate.training_time, TrainingTime):
        raise BenchmarkError(
            f"a surrogate of space {surrogate.space} cannot be saved: fit it again"
        )
    metadata = {
        **surrogate.metadata,
        "features": list(feature_names(surrogate.simulation)),
        "simulation": surrogate.simulation,
        "lowest_loss": surrogate.lowest_loss,
        "training_time": asdict(surrogate.training_time),
    }
    write_model(folder, FORMAT, FORMAT_VERSION, metadata, _arrays(surrogate))


def load_surrogate(folder: Path) -> Surrogate:
    """Read what `save_surrogate` wrote.

    Raises BenchmarkError, which names the missing or damaged file.
    """
    metadata, arrays = read_model(folder, FORMAT, FORMAT_VERSION, _OWN)
    simulation = metadata["simulation"]
    known = list(feature_names(simulation)) if simulation in SIMULATIONS else None
    if metadata["features"] != known:
        raise BenchmarkError(
            f"{folder / METADATA} was made for other features than this version's: {REMEDY}"
        )
    return Surrogate(
        loss=LossModel(
            process_from_arrays("gp", arrays), trees_from_arrays("loss", arrays), _scale(arrays)
        ),
        error=ErrorModel(trees_from_arrays("error", arrays), float(arrays["error_factor"])),
        divergence=trees_from_arrays("divergence", arrays),
        training_time=TrainingTime(**metadata["training_time"]),
        lowest_loss=metadata["lowest_loss"],
        simulation=metadata["simulation"],
        noise=RunNoise(*arrays["noise"]) if "noise" in arrays else None,
        metadata={k: v for k, v in metadata.items() if k not in (*_OWN, *FORMAT_KEYS)},
    )


def _scale(arrays: Arrays) -> LossScale:
    if "tail" not in arrays:
        return RankScale(arrays["losses"])
    return TailScale(arrays["losses"], *map(float, arrays["tail"]))


def _arrays(surrogate: Surrogate) -> dict[str, NDArray[Any]]:
    scale, noise = surrogate.loss.scale, surrogate.noise
    return {
        **process_to_arrays("gp", surrogate.loss.process),
        **trees_to_arrays("loss", surrogate.loss.trees),
        **trees_to_arrays("error", surrogate.error.trees),
        **trees_to_arrays("divergence", surrogate.divergence),
        "losses": scale.losses,
        **({"tail": np.array([scale.floor, scale.decay])} if isinstance(scale, TailScale) else {}),
        **({"noise": np.stack([noise.losses, noise.deviations])} if noise is not None else {}),
        "error_factor": np.array(surrogate.error.factor),
    }
