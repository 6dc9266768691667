"""Surrogates of learning curves on disk."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.surrogate.curve_model import (
    Coefficient,
    CurveModel,
    CurveSurrogate,
)
from nni_nlp_bench.benchmarks.surrogate.curve_noise import CurveNoise
from nni_nlp_bench.benchmarks.surrogate.curve_scale import CurveScale
from nni_nlp_bench.benchmarks.surrogate.model import Surrogate
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
from nni_nlp_bench.benchmarks.surrogate.training_time import TrainingTime

FORMAT = "nni-nlp-bench surrogate of curves"
FORMAT_VERSION = 1

_OWN = ("final", "lowest_loss", "training_time")


def save_curve_surrogate(surrogate: CurveSurrogate, folder: Path) -> None:
    """Write a surrogate of a space's cells without its surrogate of final losses.

    Equal surrogates give equal bytes. Raises BenchmarkError.
    """
    if not isinstance(surrogate.training_time, TrainingTime):
        raise BenchmarkError("only times of recurrent cells can be saved: fit the surrogate again")
    metadata = {
        **surrogate.metadata,
        "final": surrogate.final.metadata["name"],
        "lowest_loss": surrogate.lowest_loss,
        "training_time": asdict(surrogate.training_time),
    }
    write_model(folder, FORMAT, FORMAT_VERSION, metadata, _arrays(surrogate))


def load_curve_surrogate(folder: Path, final: Surrogate) -> CurveSurrogate:
    """Read what `save_curve_surrogate` wrote, given the surrogate of final losses.

    Raises BenchmarkError, which names the missing or damaged file.
    """
    metadata, arrays = read_model(folder, FORMAT, FORMAT_VERSION, _OWN)
    if metadata["final"] != final.metadata["name"]:
        raise BenchmarkError(
            f"{folder / METADATA} was made for {metadata['final']}, not for "
            f"{final.metadata['name']}: {REMEDY}"
        )
    count = len(arrays["components"])
    return CurveSurrogate(
        final,
        CurveModel(
            CurveScale(arrays["losses"]),
            arrays["mean"],
            arrays["components"],
            tuple(_coefficient(i, arrays) for i in range(count)),
        ),
        arrays["errors"],
        CurveNoise(arrays["noise"], float(arrays["noise_correlation"])),
        TrainingTime(**metadata["training_time"]),
        metadata["lowest_loss"],
        {k: v for k, v in metadata.items() if k not in (*_OWN, *FORMAT_KEYS)},
    )


def _arrays(surrogate: CurveSurrogate) -> dict[str, NDArray[Any]]:
    model, noise = surrogate.model, surrogate.noise
    arrays = {
        "losses": model.scale.losses,
        "mean": model.mean,
        "components": model.components,
        "errors": surrogate.errors,
        "noise": noise.deviations,
        "noise_correlation": np.array(noise.correlation),
    }
    for i, of in enumerate(model.coefficients):
        arrays |= process_to_arrays(f"gp_{i}", of.process)
        arrays |= trees_to_arrays(f"{i}", of.trees)
    return arrays


def _coefficient(i: int, arrays: Arrays) -> Coefficient:
    return Coefficient(process_from_arrays(f"gp_{i}", arrays), trees_from_arrays(f"{i}", arrays))
